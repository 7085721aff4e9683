"""Documents: those enclosed in objects of the open study, saved as files; never opened here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QFileDialog, QWidget

from dicom_io.audit import AuditLog, Event
from dicom_io.enclosed import Enclosed, enclosed_in
from dicom_io.errors import FileProblem
from dicom_io.identity import Identity
from ui.actions import Action
from ui.jobs import Jobs
from ui.language import tr
from ui.reading import Reading

Say = Callable[[str, str], None]


class Documents(QObject):
    """Looks at each object without an image when it is asked for them."""

    def __init__(
        self, reading: Reading, jobs: Jobs, audit: AuditLog, say: Say, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._window = parent
        self._jobs = jobs
        self._audit = audit
        self._say = say
        self._objects: list[Path] = []
        self._reading = reading
        reading.study_opened.connect(lambda _: self._objects.clear())
        reading.objects_arrived.connect(self._objects.extend)

    def action(self) -> Action:
        """For the action table."""
        return Action(
            "study.documents",
            tr("Save document"),
            "",
            self.ask,
            group="Study",
            enabled=lambda: bool(self._objects),
        )

    def ask(self) -> None:
        """Ask for a folder, and save all documents of the study there."""
        folder = QFileDialog.getExistingDirectory(
            self._window, tr("Save the documents of this study in")
        )
        if folder:
            self.save(Path(folder))

    def save(self, folder: Path) -> None:
        """Save all documents of the study in a folder, on a pool thread; nothing that is there is
        overwritten."""
        objects, study = tuple(self._objects), self._study()

        def work(cancelled: Callable[[], bool]) -> Iterator[tuple[Enclosed, Path]]:
            for path in objects:
                try:
                    one = enclosed_in(path)
                except FileProblem:
                    continue  # an object of another kind
                if study is None or not one.identity.same_study(study):
                    continue  # a stranger's, which the study list does not show either
                if cancelled():
                    return
                place = _free(folder, one.file_name)
                one.save(place)
                self._audit.record(Event.EXPORTED, one.identity, kind="document")
                yield one, place

        saved: list[Path] = []

        def end() -> None:
            if not saved:
                self._say(tr("This study holds no document."), "quiet")
                return
            names = ", ".join(path.name for path in saved)
            self._say(tr("Saved {names} in {folder}.", names=names, folder=str(folder)), "quiet")

        self._jobs.start(
            work,
            on_item=lambda item: saved.append(item[1]),
            on_done=end,
            on_failed=lambda error: self._say(str(error), "alarm"),
            pool="disk",
        )

    def _study(self) -> Identity | None:
        """The open study as its images name it; as it was chosen where none has come."""
        study = self._reading.study
        return self._reading.identity or (study.identity if study is not None else None)


def _free(folder: Path, name: str) -> Path:
    """A path that nothing has yet."""
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{Path(name).stem} {number}{Path(name).suffix}"
    return path
