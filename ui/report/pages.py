"""Pages: the reports of any maker in the open study, read as they arrive, shown and followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QWidget

from dicom_io.errors import FileProblem
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.presentation import Graphic, Presentation
from dicom_io.image.presentation import Shape as Drawn
from dicom_io.report.pages.content import is_report_file
from dicom_io.report.pages.page import Link, Page, Shape, with_successors
from dicom_io.report.pages.reading import read_page
from ui.actions import Action
from ui.hanging.hanging import Hanging
from ui.jobs import Jobs
from ui.language import tr
from ui.reading import Reading
from ui.report.page_window import PageWindow
from ui.viewport.grid import Grid
from ui.viewport.state_layer import StateLayer
from ui.viewport.viewport import Viewport
from ui.worklist.thumbnails import SeriesEntry

Say = Callable[[str, str], None]
DRAWN = {"CIRCLE": Drawn.CIRCLE, "ELLIPSE": Drawn.ELLIPSE, "POINT": Drawn.POINT}
FEWEST = {Drawn.CIRCLE: 2, Drawn.ELLIPSE: 4, Drawn.POINT: 1, Drawn.POLYLINE: 2}


class Pages(QObject):
    """Keeps the pages of one study; nothing of an earlier one stays."""

    changed = pyqtSignal()  # other pages are there

    def __init__(
        self,
        reading: Reading,
        grid: Grid,
        hanging: Hanging,
        entries: Callable[[], tuple[SeriesEntry, ...]],
        jobs: Jobs,
        *,
        say: Say,
        parent: QWidget,
    ) -> None:
        """`entries` are the series of the open study that are shown as small pictures."""
        super().__init__(parent)
        self._window = parent
        self._reading = reading
        self._grid = grid
        self._hanging = hanging
        self._entries = entries
        self._jobs = jobs
        self._say = say
        self._pages: dict[Identity, Page] = {}
        self._paths: dict[Identity, Path] = {}
        self._layers: dict[Viewport, StateLayer] = {}
        self._drawn = False
        self.dialog = PageWindow(parent)
        self.dialog.link_chosen.connect(self.follow)
        self.dialog.finished.connect(lambda _: self.step_back())
        for pane in grid.all_panes():
            self._cover(pane)
        grid.pane_added.connect(self._cover)
        reading.study_opened.connect(self._study_opened)
        reading.objects_arrived.connect(self._objects_arrived)

    def pages(self) -> tuple[Page, ...]:
        """The reports of the open study, the newest first."""
        newest = sorted(self._pages.values(), key=_written, reverse=True)
        return with_successors(newest)

    def path_of(self, page: Page) -> Path:
        """The file of a page. Raises KeyError for one that is not of the open study."""
        return self._paths[page.identity]

    def action(self) -> Action:
        """For the action table."""
        return Action(
            "study.reports",
            tr("Read reports of the study"),
            "Ctrl+R",
            self.open,
            group="Study",
            enabled=lambda: bool(self._pages),
        )

    def open(self) -> None:
        """Show the reports beside the film."""
        if not self._pages:
            self._say(tr("This study holds no report of any maker."), "quiet")
            return
        self.dialog.show_pages(self.pages())
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def follow(self, link: Link) -> None:
        """Show the image that a line leads to, and draw its region."""
        found = self._find(link)
        if found is None:
            self._say(tr("The image that this line is about is not in the open study."), "alarm")
            return
        entry, frame = found
        pane = self._grid.active()
        if not any(one.identity == frame.identity for one in pane.frames()):
            self._hanging.choose(entry)
        names = [one.identity for one in pane.frames()]
        if frame.identity not in names:
            return  # another patient's, which the pane has said
        pane.go_to(names.index(frame.identity))
        part = drawing(link, frame.identity)
        for layer in self._layers.values():
            layer.show_part(part)
        self._drawn = part is not None

    def step_back(self) -> bool:
        """Esc: take the region away; False when none is drawn."""
        was_drawn, self._drawn = self._drawn, False
        if was_drawn:
            for layer in self._layers.values():
                layer.show_part(None)
        return was_drawn

    def _find(self, link: Link) -> tuple[SeriesEntry, ImageFrame] | None:
        """The frame that is meant, and the series that it stands in."""
        for entry in self._entries():
            for frame in entry.frames:
                own = frame.identity
                if own.instance == link.identity.instance and (
                    link.identity.frame in (0, own.frame)
                ):
                    return entry, frame
        return None

    def _cover(self, pane: Viewport) -> None:
        layer = StateLayer()
        layer.setParent(pane)
        pane.add_layer(layer)
        self._layers[pane] = layer

    def _study_opened(self, _: object) -> None:
        self._pages.clear()
        self._paths.clear()
        self.step_back()
        self.dialog.close()
        self.dialog.show_pages(())
        self.changed.emit()

    def _objects_arrived(self, paths: tuple[Path, ...]) -> None:
        study = self._reading.study
        self._jobs.start(
            partial(_read, paths),
            on_item=lambda found: self._take(*found, study),
            pool="disk",
        )

    def _take(self, page: Page, path: Path, study: object) -> None:
        """A page was read; one of another study than the open one is dropped."""
        if study is not self._reading.study or not self._belongs(page.identity):
            return
        self._pages[page.identity] = page
        self._paths[page.identity] = path
        if self.dialog.isVisible():
            self.dialog.show_pages(self.pages())
        self.changed.emit()

    def _belongs(self, identity: Identity) -> bool:
        own = self._reading.identity
        if own is not None:
            return identity.same_study(own)
        study = self._reading.study
        return study is not None and identity.study == study.identity.study


def _written(page: Page) -> str:
    return dict(page.facts).get("Written", "")


def _read(paths: tuple[Path, ...], cancelled: Callable[[], bool]) -> Iterator[tuple[Page, Path]]:
    for path in paths:
        if cancelled():
            return
        if not is_report_file(path):
            continue
        try:
            yield read_page(path), path
        except FileProblem:
            continue  # the study list has named it


def drawing(link: Link, frame: Identity) -> Presentation | None:
    """The shapes of a link as something that a layer draws on that frame; None for none."""
    name = frame if link.identity.frame else frame.of_frame(0)
    graphics = tuple(
        Graphic(kind, points, (name,))
        for shape in link.shapes
        for kind, points in _parts(shape)
        if len(points) >= FEWEST[kind]
    )
    return Presentation((name,), graphics=graphics) if graphics else None


def _parts(shape: Shape) -> Iterator[tuple[Drawn, tuple[tuple[float, float], ...]]]:
    points = tuple((point[0], point[1]) for point in shape.points if len(point) == 2)
    if shape.kind == "MULTIPOINT":
        yield from ((Drawn.POINT, (point,)) for point in points)
    else:
        yield DRAWN.get(shape.kind, Drawn.POLYLINE), points
