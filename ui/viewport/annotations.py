"""Annotations: all marks and key images of one window, by study, each step of which can be undone.

Marks are values; a change puts another value of the same id in the place of the first. What a
study holds stays in memory when another study is opened, until somebody has saved it and beyond,
so that nothing drawn is lost by looking elsewhere.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from PyQt6.QtCore import QObject, pyqtSignal

from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation


@dataclass(frozen=True, slots=True)
class Change:
    """One step: what a mark was and became (None: it was not there), or a key image's turn."""

    before: Annotation | None = None
    after: Annotation | None = None
    key_image: Identity | None = None  # that became one, or ceased to be one

    @property
    def identity(self) -> Identity:
        """The frame that it happened on."""
        mark = self.after or self.before
        found = mark.identity if mark is not None else self.key_image
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Marked:
    """What a study holds: its marks, the oldest first, and its key images, in the order chosen."""

    annotations: tuple[Annotation, ...] = ()
    key_images: tuple[Identity, ...] = ()  # with the frame


@dataclass
class _Sheet:
    """The marks of one study, and the way back."""

    marks: dict[str, Annotation] = field(default_factory=dict)
    key_images: dict[Identity, None] = field(default_factory=dict)
    done: list[Change] = field(default_factory=list)
    undone: list[Change] = field(default_factory=list)
    saved: Marked = field(default_factory=Marked)

    def marked(self) -> Marked:
        return Marked(tuple(self.marks.values()), tuple(self.key_images))


class Annotations(QObject):
    """The store. A study is named by the identity of anything in it.

    `changed` tells the id of the mark that was added, replaced or removed, `key_images_changed`
    the frame, `stood_changed` that undo, redo or saving may have become possible or impossible.
    """

    changed = pyqtSignal(str)
    key_images_changed = pyqtSignal(object)  # Identity
    stood_changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sheets: dict[Identity, _Sheet] = {}

    # --- what is there ---

    def of(self, identity: Identity) -> tuple[Annotation, ...]:
        """The marks on a frame, the oldest first."""
        marks = self._sheet(identity).marks.values()
        return tuple(mark for mark in marks if mark.identity == identity)

    def of_study(self, identity: Identity) -> tuple[Annotation, ...]:
        """The marks of a whole study, the oldest first."""
        return tuple(self._sheet(identity).marks.values())

    def get(self, name: str) -> Annotation | None:
        """The mark of that id, in whatever study; None when it is gone."""
        found = (sheet.marks.get(name) for sheet in self._sheets.values())
        return next((mark for mark in found if mark is not None), None)

    def key_images(self, identity: Identity) -> tuple[Identity, ...]:
        """The key images of a study, with their frames, in the order in which they were chosen."""
        return tuple(self._sheet(identity).key_images)

    def is_key_image(self, identity: Identity) -> bool:
        """True when that very frame is a key image."""
        return identity in self._sheet(identity).key_images

    # --- what a reader does ---

    def add(self, annotation: Annotation) -> None:
        """A new mark. Raises ValueError when its id is taken."""
        if self.get(annotation.id) is not None:
            raise ValueError(f"There is a mark {annotation.id} already.")
        self._do(Change(None, annotation))

    def replace(self, annotation: Annotation) -> None:
        """The mark of that id becomes this one; nothing happens when it is the same or gone.

        Raises ValueError when it would go to another frame.
        """
        before = self._sheet(annotation.identity).marks.get(annotation.id)
        if before is None:
            if self.get(annotation.id) is not None:
                raise ValueError(f"The mark {annotation.id} belongs to another study.")
            return
        if before.identity != annotation.identity:
            raise ValueError(f"The mark {annotation.id} belongs to another frame.")
        if before != annotation:
            self._do(Change(before, annotation))

    def remove(self, name: str) -> bool:
        """Take a mark away; False when there is none of that id."""
        mark = self.get(name)
        if mark is not None:
            self._do(Change(mark, None))
        return mark is not None

    def toggle_key_image(self, identity: Identity) -> bool:
        """Make a frame a key image or no longer one; True when it is one now."""
        self._do(Change(key_image=identity))
        return self.is_key_image(identity)

    def undo(self, identity: Identity) -> Change | None:
        """Take back the last step in that study, and in no other; None when there is none."""
        sheet = self._sheet(identity)
        if not sheet.done:
            return None
        change = sheet.done.pop()
        sheet.undone.append(change)
        self._apply(sheet, Change(change.after, change.before, change.key_image))
        return change

    def redo(self, identity: Identity) -> Change | None:
        """Do again what was undone last in that study; None when nothing was."""
        sheet = self._sheet(identity)
        if not sheet.undone:
            return None
        change = sheet.undone.pop()
        sheet.done.append(change)
        self._apply(sheet, change)
        return change

    def may_undo(self, identity: Identity) -> bool:
        return bool(self._sheet(identity).done)

    def may_redo(self, identity: Identity) -> bool:
        return bool(self._sheet(identity).undone)

    # --- for whoever saves ---

    def take(self, identity: Identity) -> Marked:
        """What a study holds, to be saved; give it to `note_saved` once it is safe."""
        return self._sheet(identity).marked()

    def put(self, identity: Identity, found: Marked) -> None:
        """What was found saved for a study, beside what was found before. Marks that are here
        already stay as they are, so that nothing drawn meanwhile is lost; those of another study
        are left out."""
        sheet, own = self._sheet(identity), identity.of_study()
        marks = [one for one in found.annotations if one.identity.of_study() == own]
        images = [one for one in found.key_images if one.of_study() == own]
        touched = {change.after.id for change in sheet.done if change.after is not None}
        touched |= {change.before.id for change in sheet.done if change.before is not None}
        turned = {change.key_image for change in sheet.done}
        new = {one.id: one for one in marks if one.id not in sheet.marks and one.id not in touched}
        fresh = [one for one in images if one not in sheet.key_images and one not in turned]
        sheet.marks = new | sheet.marks
        sheet.key_images = dict.fromkeys([*fresh, *sheet.key_images])
        known = {one.id: one for one in (*sheet.saved.annotations, *marks)}
        keys = dict.fromkeys([*sheet.saved.key_images, *images])
        sheet.saved = Marked(tuple(known.values()), tuple(keys))
        for name in new:
            self.changed.emit(name)
        for image in fresh:
            self.key_images_changed.emit(image)
        self.stood_changed.emit()

    def note_saved(self, identity: Identity, saved: Marked) -> None:
        """This is on the disk or in the archive now; what came after it is still to be saved."""
        self._sheet(identity).saved = saved
        self.stood_changed.emit()

    def is_changed(self, identity: Identity) -> bool:
        """True while a study holds something else than what was saved last."""
        sheet = self._sheet(identity)
        return _content(sheet.marked()) != _content(sheet.saved)

    def changed_studies(self) -> tuple[Identity, ...]:
        """The studies with something unsaved."""
        return tuple(study for study in self._sheets if self.is_changed(study))

    # --- steps ---

    def _sheet(self, identity: Identity) -> _Sheet:
        return self._sheets.setdefault(identity.of_study(), _Sheet())

    def _do(self, change: Change) -> None:
        """A new step; what was undone before it cannot be done again."""
        sheet = self._sheet(change.identity)
        sheet.done.append(change)
        sheet.undone.clear()
        self._apply(sheet, change)

    def _apply(self, sheet: _Sheet, change: Change) -> None:
        if change.key_image is not None:
            if change.key_image in sheet.key_images:
                del sheet.key_images[change.key_image]
            else:
                sheet.key_images[change.key_image] = None
            self.key_images_changed.emit(change.key_image)
        elif change.after is not None:
            sheet.marks[change.after.id] = change.after
            self.changed.emit(change.after.id)
        elif change.before is not None:
            sheet.marks.pop(change.before.id, None)
            self.changed.emit(change.before.id)
        self.stood_changed.emit()


def _content(marked: Marked) -> tuple[frozenset[Annotation], frozenset[Identity]]:
    """What counts as the same: a step back may leave another order."""
    return frozenset(marked.annotations), frozenset(marked.key_images)


def new_id() -> str:
    """An id for a new mark, unlike any other."""
    return uuid.uuid4().hex
