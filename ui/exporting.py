"""Exporting: from the dialogue to files on the disk, on a pool thread, audited."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QBuffer, QByteArray, QIODevice, QObject
from PyQt6.QtGui import QImage

from dicom_io.audit import AuditLog, Event
from dicom_io.deidentify import burned_in
from dicom_io.errors import Cancelled, DicomProblem, ExportRefused
from dicom_io.export import Exported, Wish, export_dicom, export_pictures
from dicom_io.image.frame import ImageFrame
from dicom_io.image.presentation import Presentation
from dicom_io.storage import write_safely
from ui.actions import Action
from ui.export_dialog import ExportDialog, Order, What
from ui.jobs import Job, Jobs
from ui.language import tr
from ui.presentations import presentation_of
from ui.session import Session
from ui.viewport.grid import Grid
from ui.viewport.viewport import Viewport

Say = Callable[[str, str], None]


class Exporting(QObject):
    """One export at a time, of what the pane in hand shows."""

    def __init__(self, session: Session, grid: Grid, jobs: Jobs, say: Say) -> None:
        super().__init__(grid)
        self._session = session
        self._grid = grid
        self._jobs = jobs
        self._say = say
        self._audit = AuditLog(session.root.audit)
        self._objects: list[Path] = []  # of the open study, without an image
        self._job: Job | None = None
        self._last: Exported | None = None
        self.dialog: ExportDialog | None = None
        session.reading.study_opened.connect(lambda _: self._objects.clear())
        session.reading.objects_arrived.connect(self._objects.extend)

    def action(self) -> Action:
        """For the action table."""
        return Action(
            "study.export",
            tr("Export"),
            "Ctrl+Shift+E",
            self.ask,
            group="Study",
            enabled=lambda: self._grid.selected_frame() is not None,
        )

    def ask(self) -> None:
        """Open the dialogue on what the pane in hand shows."""
        frame = self._grid.selected_frame()
        if frame is None or self._job is not None:
            return
        risks = dict.fromkeys(burned_in(one.header) for one in self._frames(frame, study=True))
        risk = next((one for one in risks if one), "")
        dialog = ExportDialog(risk, Path.home(), self._grid.window())
        dialog.ordered.connect(self._start)
        dialog.stopped.connect(self._stop)
        dialog.finished.connect(self._closed)
        if self._grid.active().hides_identity():
            dialog.deidentify.setChecked(True)
            dialog.deidentify.setEnabled(False)
        self.dialog = dialog
        dialog.open()

    def _frames(self, frame: ImageFrame, *, study: bool) -> tuple[ImageFrame, ...]:
        """The frames of the series in hand, or of its study."""
        own = self._grid.active().frames()
        if not study and frame.pyramid is None:
            return own
        if not study:  # a slide is all of its files
            name = (frame.identity.study, frame.identity.series)
            here = self._session.reading.frames()
            return tuple(f for f in here if (f.identity.study, f.identity.series) == name) or own
        all_here = {one.identity: one for one in (*self._session.reading.frames(), *own)}
        return tuple(one for one in all_here.values() if one.identity.same_study(frame.identity))

    def _start(self, order: Order) -> None:
        pane = self._grid.active()
        frame = pane.selected_frame()
        if frame is None or self.dialog is None:
            return
        wish = Wish(order.to, frame.identity, order.deidentify, order.confirmed)
        self._last = None
        self._job = self._jobs.start(
            self._work(order, wish, pane, frame),
            on_item=self._follow,
            on_done=self._end,
            on_failed=self._fail,
            pool="disk",
        )

    def _work(
        self, order: Order, wish: Wish, pane: Viewport, frame: ImageFrame
    ) -> Callable[[Callable[[], bool]], Iterator[Exported]]:
        """What to do on the pool thread; a view is taken now, while it is on the screen."""
        if order.what is What.VIEW:
            texts = order.with_texts and not order.deidentify
            seen = image_of(pane, texts=texts, hide_identity=order.deidentify)
            return partial(_export_view, seen, frame, wish, self._audit)
        if order.what is What.PICTURES:
            seen_as, window = presentation_of(pane), pane.current_window()
            if seen_as is not None and window is not None and window.automatic:
                seen_as = replace(seen_as, window=window)  # it holds for the whole series
            frames = self._frames(frame, study=False)
            return partial(_export_pictures, frames, seen_as, wish, self._audit)
        whole = order.what is What.STUDY
        frames = self._frames(frame, study=whole)
        paths = dict.fromkeys(one.path for one in frames if not one.derivation)
        reading = self._session.reading.identity
        if whole and reading is not None and frame.identity.same_study(reading):
            paths |= dict.fromkeys(self._objects)
        return partial(_export_dicom, tuple(paths), wish, self._audit)

    def _follow(self, exported: Exported) -> None:
        self._last = exported
        if self.dialog is not None and exported.folder is None:
            self.dialog.show_progress(exported.done, exported.total)

    def _end(self) -> None:
        last, self._job = self._last, None
        if self.dialog is not None:
            self.dialog.accept()
        if last is not None and last.folder is not None:
            words = [tr("Exported to {folder}.", folder=last.folder)]
            if last.left_out:
                words.append(tr("{count} objects were left out.", count=last.left_out))
            self._say(" ".join([*words, *last.notices]), "quiet")

    def _fail(self, error: Exception) -> None:
        self._job = None
        if self.dialog is None or not isinstance(error, DicomProblem):
            self._jobs.failed.emit(error)
        if self.dialog is not None:
            told = str(error) if isinstance(error, DicomProblem) else tr("The export failed.")
            self.dialog.show_problem(told)

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._fail(Cancelled(tr("Stopped. Nothing was exported.")))

    def _closed(self, _: int) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None


def image_of(pane: Viewport, *, texts: bool, hide_identity: bool = False) -> QImage:
    """The pane as it is seen, in device pixels, with or without the texts in its corners; with
    `hide_identity` nothing that a file draws in words is on it either."""
    hides = pane.overlays_shown() and not texts
    planes = pane.planes_shown()
    hidden = pane.hides_identity()
    pane.hide_identity(hidden or hide_identity)
    if hides:
        pane.toggle_overlays()
        pane.show_planes(planes)
    pane.name_patient(texts)  # no banner stands above a picture
    picture = pane.grab().toImage()
    pane.name_patient(False)
    pane.hide_identity(hidden)
    if hides:
        pane.toggle_overlays()
        pane.show_planes(planes)
    return picture


# --- on pool threads ---


def _export_view(
    seen: QImage,
    frame: ImageFrame,
    wish: Wish,
    audit: AuditLog,
    cancelled: Callable[[], bool],
) -> Iterator[Exported]:
    """One PNG. Raises ExportRefused, StorageProblem, DiskFull."""
    reason = burned_in(frame.header) if wish.deidentify and not wish.confirmed else ""
    if reason:
        raise ExportRefused(f"{reason} Look at the image first. Nothing was exported.")
    if wish.folder.exists():
        raise ExportRefused(f"{wish.folder} exists already. Choose another name.")
    if not wish.folder.parent.is_dir():
        raise ExportRefused(f"The folder {wish.folder.parent} does not exist. Make it first.")
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    plain = seen.convertToFormat(QImage.Format.Format_RGB888)
    plain.save(buffer, "PNG")
    if cancelled():
        return
    audit.record(
        Event.EXPORTED,
        wish.identity,
        form="view",
        objects=1,
        deidentified="yes" if wish.deidentify else "no",
        to=str(wish.folder),
    )
    write_safely(wish.folder, content.data())
    yield Exported(1, 1, folder=wish.folder)


def _export_pictures(
    frames: Sequence[ImageFrame],
    seen: Presentation | None,
    wish: Wish,
    audit: AuditLog,
    cancelled: Callable[[], bool],
) -> Iterator[Exported]:
    yield from export_pictures(frames, wish, audit, look=lambda _: seen, stop=cancelled)


def _export_dicom(
    paths: Sequence[Path], wish: Wish, audit: AuditLog, cancelled: Callable[[], bool]
) -> Iterator[Exported]:
    yield from export_dicom(paths, wish, audit, cancelled)
