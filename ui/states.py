"""States: the presentation states and key images of the open study; chosen, applied, saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QObject, QPoint, Qt, pyqtSignal
from PyQt6.QtWidgets import QMenu

from dicom_io.audit import Event
from dicom_io.errors import BadNode
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.presentation import Presentation, PresentationState
from dicom_io.image.window import Window
from dicom_io.pacs.outbox import Item
from dicom_io.report.header import Software
from dicom_io.report.key_objects import KeyObjects
from dicom_io.report.saving import Saving
from ui.actions import Action
from ui.jobs import Jobs
from ui.keeping import Keeping
from ui.language import tr
from ui.presentations import apply
from ui.session import Session
from ui.state_files import (
    Found,
    Given,
    newest,
    newest_of_each_series,
    read_objects,
    save,
    says_of,
    title_of_keys,
    title_of_state,
)
from ui.viewport.annotations import Annotations, Marked
from ui.viewport.grid import Grid
from ui.viewport.state_layer import StateLayer
from ui.viewport.viewport import Viewport

Say = Callable[[str, str], None]


class States(QObject):
    """What was found with the open study, what of it is applied, and how the reader's is saved.

    A state is drawn only over the images that it names, and nothing of it stays when another
    study is opened.
    """

    changed = pyqtSignal()  # other states were found or applied

    def __init__(
        self,
        session: Session,
        keeping: Keeping,
        annotations: Annotations,
        grid: Grid,
        jobs: Jobs,
        *,
        say: Say,
        creator: str = "",
        applies_own: bool = True,
    ) -> None:
        """`creator` is the reader's name in DICOM form; `applies_own` says whether the newest
        states of ours are applied by themselves where nothing is kept on this workstation."""
        super().__init__(grid)
        self._session = session
        self._keeping = keeping
        self._annotations = annotations
        self._grid = grid
        self._jobs = jobs
        self._say = say
        self._creator = creator
        self._applies_own = applies_own
        self._found: dict[Identity, Found] = {}
        self._reading_files = 0
        self._chosen: list[PresentationState] = []
        self._says: dict[Identity, tuple[PresentationState, Presentation]] = {}  # by image
        self._layers: dict[Viewport, StateLayer] = {}
        self._parts: dict[Viewport, Presentation | None] = {}
        self._has_offered = False
        self._is_saving = False
        self._stored: set[str] = set()  # what was saved in this sitting and is under way
        for pane in grid.all_panes():
            self._cover(pane)
        grid.pane_added.connect(self._cover)
        grid.frame_shown.connect(self._shown)
        reading = session.reading
        reading.study_opened.connect(self._study_opened)
        reading.objects_arrived.connect(self._objects_arrived)
        reading.ended.connect(self._offer_own)
        keeping.found.connect(self._offer_own)
        session.filing.item_changed.connect(self._item_changed)

    # --- what is there ---

    def found(self) -> tuple[PresentationState, ...]:
        """The presentation states of the open study, the newest first."""
        return newest(one for one in self._found.values() if isinstance(one, PresentationState))

    def key_objects(self) -> tuple[KeyObjects, ...]:
        """Its key image documents, the newest first."""
        return newest(one for one in self._found.values() if isinstance(one, KeyObjects))

    def applied(self) -> tuple[PresentationState, ...]:
        """The states that are applied now."""
        return tuple(self._chosen)

    def actions(self) -> list[Action]:
        """Save and choose, for the action table."""
        return [
            Action("presentation.save", tr("Save presentation"), "Ctrl+S", self.save,
                   group="Image", enabled=self._has_image),
            Action("presentation.choose", tr("Presentation states"), "Ctrl+Shift+S", self.open_menu,
                   group="Image", enabled=self._has_image),
        ]  # fmt: skip

    def _has_image(self) -> bool:
        return self._grid.selected_frame() is not None

    def _study_opened(self, _: object) -> None:
        self._found.clear()
        self._chosen.clear()
        self._says.clear()
        self._has_offered = False
        for pane, layer in self._layers.items():
            self._parts[pane] = None
            layer.show_part(None)
            pane.shut_by()
            pane.present()
            self._keeping.ignore(pane, False)
        self.changed.emit()

    def _objects_arrived(self, paths: tuple[Path, ...]) -> None:
        self._reading_files += 1
        self._jobs.start(
            partial(read_objects, paths),
            on_item=self._take,
            on_done=self._files_read,
            on_failed=self._files_failed,
            pool="disk",
        )

    def _take(self, found: Found) -> None:
        """An object was read; one of another study came too late or does not belong here."""
        own = self._session.reading.identity
        if own is not None and found.identity is not None and found.identity.same_study(own):
            self._found[found.identity] = found
            self.changed.emit()

    def _files_read(self) -> None:
        self._reading_files -= 1
        self._offer_own()

    def _files_failed(self, error: Exception) -> None:
        self._jobs.failed.emit(error)
        self._files_read()

    def _offer_own(self, *_: object) -> None:
        """Once all is here: apply our newest states where nothing is kept, or say what there is."""
        study = self._session.reading.identity
        busy = self._session.reading.is_loading or self._reading_files
        if study is None or busy or self._has_offered or not self._keeping.is_ready(study):
            return
        self._has_offered = True
        states = self.found()
        own = newest_of_each_series([one for one in states if one.is_ours])
        if own and self._applies_own and not self._keeping.was_kept(study):
            self.choose(own)
            keys = [one for one in self.key_objects() if one.is_ours]
            if keys:
                self.take_key_images(keys[0])
        elif states and not self._keeping.kept(study).in_archive:
            count = len(states)
            self._say(
                tr("This study has presentation states ({count}); Ctrl+Shift+S chooses.",
                   count=count),
                "quiet",
            )  # fmt: skip

    # --- choosing ---

    def choose(self, states: Sequence[PresentationState]) -> None:
        """Apply these states to the images that they name; none shows the images as they are.

        Marks of ours in them become marks that can be edited.
        """
        self._chosen = list(states)
        self._says = says_of(states)
        for state in states:
            self._annotations.put(state.identity, Marked(state.annotations()))
        for pane in self._grid.all_panes():
            self._shown(pane, pane.selected_frame())
        notices = dict.fromkeys(text for state in states for text in state.notices)
        named = [tr("Applied: {title}.", title=title_of_state(state)) for state in states]
        self._say(" ".join([*named, *notices]), "quiet")
        self.changed.emit()

    def take_key_images(self, keys: KeyObjects) -> None:
        """Make the images of a document key images of the open study too."""
        if keys.identity is None:
            return
        frames = {frame.identity for frame in self._frames_of(keys.identity)}
        images = [one if one.frame else one.of_frame(1) for one in keys.images]
        there = tuple(one for one in images if one in frames)
        self._annotations.put(keys.identity, Marked(key_images=there))
        if len(there) < len(images):
            self._say(tr("Some key images are not in this study as it is here."), "quiet")

    def open_menu(self) -> None:
        """The states to choose from, at the pane in hand."""
        pane = self._grid.active()
        menu = QMenu(pane)
        menu.setObjectName("states")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)

        def add(text: str, tip: str, run: Callable[[], None], is_on: bool = False) -> None:
            entry = menu.addAction(text.replace("&", "&&"))
            if entry is not None:
                entry.setToolTip(tip)
                entry.setCheckable(is_on)
                entry.setChecked(is_on)
                entry.triggered.connect(lambda _: run())

        add(tr("As the images are"), tr("No presentation state is applied."),
            lambda: self.choose(()), is_on=not self._chosen)  # fmt: skip
        menu.addSeparator()
        for state in self.found():
            add(title_of_state(state), "\n".join(state.notices) or tr("Apply this state."),
                partial(self.choose, (state,)), is_on=state in self._chosen)  # fmt: skip
        for keys in self.key_objects():
            add(title_of_keys(keys), keys.description, partial(self.take_key_images, keys))
        if not self._found:
            entry = menu.addAction(tr("This study holds no presentation state."))
            if entry is not None:
                entry.setEnabled(False)
        menu.popup(pane.mapToGlobal(QPoint(pane.width() // 3, pane.height() // 3)))

    # --- panes ---

    def _cover(self, pane: Viewport) -> None:
        layer = StateLayer()
        layer.setParent(pane)
        self._layers[pane] = layer
        self._parts[pane] = None
        pane.add_layer(layer)

    def _shown(self, pane: Viewport, frame: ImageFrame | None) -> None:
        """Another frame: what the states say of it, applied when it differs from before."""
        state, part = self._said_of(frame.identity) if frame is not None else (None, None)
        before = self._parts.get(pane)
        if part is before:
            return
        self._keeping.ignore(pane, state is not None and not state.is_ours)
        self._parts[pane] = part
        self._layers[pane].show_part(part)
        if part is None:
            pane.shut_by()
            if frame is not None:
                pane.present()
                pane.reset()
            return
        shutter = part.shutter
        pane.shut_by(lambda _: shutter)
        for sentence in apply(pane, part):
            self._say(sentence, "quiet")

    def _said_of(
        self, frame: Identity
    ) -> tuple[PresentationState, Presentation] | tuple[None, None]:
        """What the states chosen say of a frame, the first of them first."""
        return self._says.get(frame) or self._says.get(frame.of_frame(0)) or (None, None)

    # --- saving ---

    def save(self) -> None:
        """Write what the reader left on the study of the pane in hand, and bring it to the PACS."""
        frame = self._grid.selected_frame()
        if frame is None or self._is_saving:
            return
        study = frame.identity.of_study()
        kept = self._keeping.kept(study)
        if kept.in_archive == kept.content() and (
            kept.key_images_in_archive == kept.content_of_key_images()
        ):
            self._say(tr("Nothing has changed since the presentation was saved."), "quiet")
            return
        try:
            node = self._session.target()
        except BadNode:
            self._keeping.flush()
            self._say(
                tr("Kept on this workstation. No PACS is set up that it could be stored in."),
                "quiet",
            )
            return
        saving = Saving(
            kept,
            self._frames_of(study),
            Software.installed(),
            self._windows_shown(study),
            creator=self._creator,
        )
        self._is_saving = True
        self._jobs.start(
            partial(save, saving, self._session.filing.outbox(), node),
            on_item=self._given,
            on_done=self._saved,
            on_failed=self._not_saved,
            pool="disk",
            urgent=True,
        )

    def _frames_of(self, study: Identity) -> tuple[ImageFrame, ...]:
        """The frames of a study: the open one's, else those of the panes that show it."""
        frames = {one.identity: one for one in self._session.reading.frames()}
        for pane in self._grid.all_panes():
            frames |= {one.identity: one for one in pane.frames()}
        own = (one for one in frames.values() if one.identity.same_study(study))
        return tuple(one for one in own if not one.derivation)

    def _windows_shown(self, study: Identity) -> dict[Identity, Window | None]:
        panes = [(pane, pane.selected_frame()) for pane in self._grid.panes()]
        return {
            frame.identity: pane.current_window()
            for pane, frame in panes
            if frame is not None and not frame.derivation and frame.identity.same_study(study)
        }

    def _given(self, given: Given) -> None:
        kept = given.kept
        for item in given.items:
            self._stored.add(item.uid)
            self._session.trail(Event.CREATED, item.identity, kind="presentation")
            self._session.filing.take_in(item)
        self._keeping.note_archived(kept.study, kept.content(), kept.content_of_key_images())
        for one in given.found:  # listed from now on, not only when the study is opened again
            self._take(one)
        self._say(tr("The presentation is saved and is being stored."), "quiet")

    def _saved(self) -> None:
        self._is_saving = False

    def _not_saved(self, error: Exception) -> None:
        self._is_saving = False
        self._keeping.flush()
        self._jobs.failed.emit(error)

    def _item_changed(self, item: Item) -> None:
        """Tell once that the PACS holds what was saved."""
        if item.uid in self._stored and item.is_stored:
            self._stored.discard(item.uid)
            if not self._stored:
                words = tr("The presentation is in the PACS, read back and equal.")
                self._say(words, "proven")
