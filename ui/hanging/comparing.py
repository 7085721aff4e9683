"""Comparing: a prior of the same patient beside the current study, with one key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from enum import Enum, auto
from functools import partial

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu

from dicom_io.anatomy import region_of
from dicom_io.image.frame import ImageFrame
from dicom_io.pacs.answers import study_of
from dicom_io.priors import Prior, to_compare
from dicom_io.study import Study
from ui.actions import Action
from ui.hanging.choosing import alike, likeness, texts_of
from ui.hanging.hanging import Hanging, shows
from ui.jobs import Jobs
from ui.language import tr
from ui.session import Session
from ui.viewport.grid import Grid
from ui.viewport.overlay import plain
from ui.viewport.presets import Offer
from ui.viewport.viewport import Viewport
from ui.wording import spoken_date
from ui.worklist.entries import Shelf
from ui.worklist.thumbnails import SeriesEntry


class _Wish(Enum):
    """Why priors are looked for."""

    NEWEST = auto()  # X: the newest relevant one, beside the current study
    LIST = auto()  # Shift+X: all of them, to choose from
    PROTOCOL = auto()  # a hanging protocol has a place; silence when there is none


class Comparing(QObject):
    """X: the newest relevant prior comes beside the current study, and goes again."""

    said = pyqtSignal(str)  # one sentence to the reader

    def __init__(
        self,
        grid: Grid,
        hanging: Hanging,
        session: Session,
        jobs: Jobs,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._grid = grid
        self._hanging = hanging
        self._reading, self._priors = session.reading, session.priors
        self._jobs = jobs
        reading, priors = self._reading, self._priors
        self._wish: _Wish | None = None
        self._awaited = ""  # UID of the prior that is to be shown
        self._matched: tuple[SeriesEntry, int] | None = None  # what was put beside by itself
        self._beside: Viewport | None = None  # its pane, while X put it there
        self._former: tuple[tuple[int, int], tuple[Viewport, ...]] | None = None
        self.menu: QMenu | None = None
        priors.found.connect(self._found)
        priors.not_found.connect(self._not_found)
        priors.frames_arrived.connect(self._arrived)
        priors.ended.connect(self._ended)
        priors.problem.connect(self._failed)
        reading.study_opened.connect(self._study_opened)
        hanging.prior_wanted.connect(partial(self._look, _Wish.PROTOCOL))

    def actions(self) -> list[Action]:
        """What keys and menu do here."""
        return [
            Action("compare.prior", tr("Prior"), "X", self.toggle, group="Compare",
                   checked=lambda: self.is_on),
            Action("compare.choose", tr("Choose a prior"), "Shift+X", self.choose,
                   group="Compare"),
        ]  # fmt: skip

    @property
    def is_on(self) -> bool:
        """True while X has put a prior beside the current study."""
        return self._beside is not None

    def toggle(self) -> None:
        """X: bring the newest relevant prior, or take the one that is shown away."""
        if not self.stop():
            self._look(_Wish.NEWEST)

    def choose(self) -> None:
        """Shift+X: all other studies of the patient, to choose from."""
        self._look(_Wish.LIST)

    def stop(self) -> bool:
        """Take the prior away and bring the former layout back; False when there was none."""
        beside, former = self._beside, self._former
        if beside is None or former is None:
            return self._stop_protocol()
        self._beside = self._former = None
        self._awaited = ""
        shape, panes = former
        beside.clear()
        grid = self._grid
        if beside in grid.panes() and beside not in grid.elsewhere():
            shown = [pane for pane in panes if pane not in grid.elsewhere()]
            current = next((pane for pane in grid.panes() if pane is not beside), None)
            if current is not None:
                grid.activate(current)
            if len(shown) == shape[0] * shape[1]:
                grid.set_layout(*shape, shown)
            else:
                grid.set_layout(1, 1)
        self.said.emit("")
        return True

    def _stop_protocol(self) -> bool:
        """The same for a prior that a protocol has hung."""
        foreign = [pane for pane in self._grid.panes() if self._grid.cell(pane).is_foreign()]
        own = [pane for pane in self._grid.panes() if pane not in foreign and pane.frames()]
        if not foreign or not own:
            return False
        self._hanging.touch()
        self._grid.activate(own[0])
        self._grid.set_layout(1, 1)
        for pane in foreign:
            pane.clear()
        return True

    # --- looking ---

    def current(self) -> Study | None:
        """The open study as its own files name it; None before the first of them is here."""
        frames = self._reading.frames()
        if not frames:
            return None
        kinds = tuple(dict.fromkeys(frame.modality for frame in frames))
        return replace(study_of(frames[0].header), modalities=kinds)

    def _look(self, wish: _Wish) -> None:
        current = self.current()
        if current is None:
            if wish is not _Wish.PROTOCOL:
                self.said.emit(tr("Open a study first, then compare it with an earlier one."))
            return
        if not current.identity.patient_id:
            self._wish = wish
            self._not_found(tr("This study has no patient ID, so no prior can be looked for."))
            return
        self._wish = wish
        if wish is not _Wish.PROTOCOL and not self._priors.known():
            self.said.emit(tr("Looking for earlier studies."))
        region = region_of(*texts_of(self._reading.frames()[0]))
        self._priors.look_for(current, region)

    def _found(self, priors: tuple[Prior, ...]) -> None:
        wish, self._wish = self._wish, None
        current = self.current()
        if wish is None or current is None:
            return
        if wish is not _Wish.PROTOCOL:
            self.said.emit("")
        if wish is _Wish.LIST:
            self._offer(priors)
            return
        best = to_compare(current, priors)
        if best is not None:
            self.show(best, beside=wish is _Wish.NEWEST)
        elif wish is _Wish.NEWEST:
            self.said.emit(
                tr(
                    "No earlier study of the same part of the body was found. Shift+X lists the "
                    "other studies of this patient ({count}).",
                    count=len(priors),
                )
            )

    def _not_found(self, why: str) -> None:
        wish, self._wish = self._wish, None
        if wish in (_Wish.NEWEST, _Wish.LIST):
            self.said.emit(why)

    def _offer(self, priors: tuple[Prior, ...]) -> None:
        """A menu at the pane in hand; the first is the one that X would take."""
        menu = QMenu(self._grid)
        for prior in priors:
            entry = QAction(words_of(prior).replace("&", "&&"), menu)
            entry.triggered.connect(partial(self._chosen, prior))
            menu.addAction(entry)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.destroyed.connect(self._menu_gone)
        self.menu = menu
        pane = self._grid.active()
        menu.popup(pane.mapToGlobal(pane.rect().center()))

    def _menu_gone(self) -> None:
        self.menu = None

    def _chosen(self, prior: Prior) -> None:
        self.show(prior, beside=True)

    # --- showing ---

    def show(self, prior: Prior, *, beside: bool) -> None:
        """Bring a prior here; with `beside` at once into a pane right of the one in hand."""
        current = self.current()
        if current is None:
            return
        uid = prior.study.identity.study
        if beside:
            self._make_room(prior.study)
            self._awaited = uid
        self._priors.open(prior, current.identity)

    def _make_room(self, study: Study) -> None:
        grid = self._grid
        self._hanging.touch()
        if self._beside is None:
            shown = grid.active()
            if grid.cell(shown).is_foreign():
                shown = next(
                    (pane for pane in grid.panes() if not grid.cell(pane).is_foreign()), shown
                )
                grid.activate(shown)
            own = tuple(pane for pane in grid.panes() if pane not in grid.elsewhere())
            self._former = grid.shape(), own
            empty = next((pane for pane in grid.elsewhere() if not pane.frames()), None)
            self._beside = empty or grid.spare()
            if empty is None and shown in own:
                grid.set_layout(1, 2, (shown, self._beside))
            elif empty is None:  # the study is on the other monitor: the prior takes this one
                grid.set_layout(1, 1, (self._beside,))
        self._beside.show_series((), study)

    def _arrived(self, study: Study, frames: tuple[ImageFrame, ...]) -> None:
        """Images of a prior: into its pane once they match, and into every pane that shows them."""
        uid = study.identity.study
        self._grid.add_frames(frames)
        if uid == self._awaited and self._beside is not None and not self._beside.frames():
            self._match(study, entries_in(frames))

    def _ended(self, study: Study) -> None:
        """All of it is here: put into stacks, on the disk pool."""
        self._jobs.start(
            stacking(self._priors.frames(study.identity.study)),
            on_item=partial(self._settled, study),
            pool="disk",
        )

    def _settled(self, study: Study, entries: tuple[SeriesEntry, ...]) -> None:
        """In order, and the best match if the reader has not moved on."""
        uid = study.identity.study
        if self._priors.study(uid) is None:
            return  # another study was opened since
        for pane in self._grid.all_panes():
            entry = next((one for one in entries if shows(pane, one)), None)
            if entry is not None:
                pane.put_in_order(entry.frames)
        taken = self._hanging.prior_arrived(study, entries)
        if uid == self._awaited and not taken:
            self._awaited = ""
            self._match(study, entries)

    def _match(self, study: Study, entries: Sequence[SeriesEntry]) -> None:
        """Show the image that is most like the one beside it."""
        pane = self._beside
        if pane is None or (pane.frames() and not self._is_as_put(pane)):
            return
        shown = next(
            (
                one.selected_frame() or (one.frames() or (None,))[0]
                for one in self._grid.panes()
                if one is not pane
            ),
            None,
        )
        best = alike(shown, entries) if shown is not None else None
        if best is None or best.entry is None or shown is None:
            return
        beside = next(one for one in self._grid.panes() if one is not pane)
        index = _as_far(beside, shown, best.entry.frames, best.index)
        self._matched = best.entry, index
        if not shows(pane, best.entry):
            self._grid.show_series(pane, best.entry.frames, study)
            _see_alike(beside, shown, pane, best.entry.frames[index])
        if pane.position() != index:
            pane.go_to(index)

    def _is_as_put(self, pane: Viewport) -> bool:
        """True while the reader has neither scrolled the prior nor chosen another series of it."""
        frame = pane.selected_frame()
        if self._matched is None:
            return False
        entry, index = self._matched
        return frame is None or frame.identity == entry.frames[index].identity

    def _failed(self, why: str) -> None:
        """The pane says it; where there is none yet, the report side does."""
        if self._beside is not None and not self._beside.frames():
            self._beside.show_problem(why)
        self.said.emit(why)

    def _study_opened(self, _: object) -> None:
        self._wish = self._beside = self._former = self._matched = None
        self._awaited = ""


def _as_far(beside: Viewport, shown: ImageFrame, frames: Sequence[ImageFrame], index: int) -> int:
    """The image to begin a prior with: in a stack of slices the one as far through it as the
    reader is in the study beside it, as long as it is no less like that one than `index`."""
    count = len(beside.frames())
    if count < 2 or len(frames) < 2:
        return index
    as_far = round(beside.position() / (count - 1) * (len(frames) - 1))
    return as_far if likeness(shown, frames[as_far]) >= likeness(shown, frames[index]) else index


def _see_alike(beside: Viewport, shown: ImageFrame, pane: Viewport, prior: ImageFrame) -> None:
    """See a prior CT through the window of the study beside it; the values of other kinds of
    images do not mean the same from one study to the next."""
    window = beside.current_window()
    if window is not None and shown.modality == prior.modality == "CT":
        pane.choose_window(Offer(tr("as beside"), window, is_hung=True))


def words_of(prior: Prior) -> str:
    """One line of the list: date, kind, what, where it is, and any doubt."""
    study = prior.study
    parts = [
        spoken_date(study.date),
        " ".join(plain(one) for one in study.modalities),
        plain(study.description),
    ]
    if prior.relevance >= 2:
        parts.append(tr("same part of the body"))
    if not prior.on_disk:
        parts.append(tr("in {source}", source=plain(prior.source)))
    if prior.doubt:
        parts.append(tr("caution: {doubt}", doubt=prior.doubt))
    return " · ".join(part for part in parts if part)


def entries_in(frames: Iterable[ImageFrame]) -> tuple[SeriesEntry, ...]:
    """The stacks of a study, its series by number."""
    shelf = Shelf()
    shelf.add(frames)
    shelf.settle()
    return tuple(shelf.entries())


def stacking(
    frames: Sequence[ImageFrame],
) -> Callable[[Callable[[], bool]], Iterator[tuple[SeriesEntry, ...]]]:
    """The work of putting a study into stacks, for a pool thread."""

    def work(cancelled: Callable[[], bool]) -> Iterator[tuple[SeriesEntry, ...]]:
        if not cancelled():
            yield entries_in(frames)

    return work
