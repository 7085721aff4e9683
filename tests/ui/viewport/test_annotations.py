"""The store of marks: steps back and on stay in their study, ids stay, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind
from ui.viewport.annotations import Annotations, Marked, new_id

ONE = Identity("P1", "", "1.1", "1.1.1", "1.1.1.1", 1)
NEXT = ONE.of_frame(2)
OTHER = Identity("P2", "", "1.2", "1.2.1", "1.2.1.1", 1)


@pytest.fixture
def store(qtbot: QtBot) -> Annotations:
    return Annotations()


def mark(identity: Identity = ONE, end: float = 9.0) -> Annotation:
    return Annotation(new_id(), identity, Kind.LENGTH, ((1.0, 1.0), (end, 1.0)))


def test_marks_are_found_by_their_very_frame(store: Annotations) -> None:
    here, there, elsewhere = mark(), mark(NEXT), mark(OTHER)
    for one in (here, there, elsewhere):
        store.add(one)

    assert store.of(ONE) == (here,)
    assert store.of(NEXT) == (there,)
    assert store.of_study(ONE) == (here, there)
    assert store.of(replace(ONE, patient_id="P2")) == ()
    assert store.of(replace(ONE, issuer="B")) == ()


def test_the_change_of_a_mark_names_its_id_and_the_id_stays(store: Annotations) -> None:
    told: list[str] = []
    store.changed.connect(told.append)
    first = mark()

    store.add(first)
    store.replace(replace(first, points=((1, 1), (5, 5))))
    store.replace(replace(first, points=((1, 1), (5, 5))))  # no change
    store.undo(ONE)
    store.remove(first.id)

    assert told == [first.id] * 4
    assert store.get(first.id) is None


def test_every_step_can_be_undone_and_done_again(store: Annotations) -> None:
    first = mark()
    longer = replace(first, points=((1, 1), (20, 1)))
    store.add(first)
    store.replace(longer)
    store.remove(first.id)
    store.toggle_key_image(NEXT)

    states = []
    for _ in range(4):
        store.undo(ONE)
        states.append((store.of(ONE), store.key_images(ONE)))
    assert states == [((), ()), ((longer,), ()), ((first,), ()), ((), ())]
    assert store.undo(ONE) is None
    for _ in range(4):
        store.redo(ONE)
    assert (store.of(ONE), store.key_images(ONE)) == ((), (NEXT,))
    assert store.redo(ONE) is None


def test_a_new_step_forgets_what_was_undone(store: Annotations) -> None:
    store.add(mark())
    store.undo(ONE)

    store.add(mark())

    assert not store.may_redo(ONE)
    assert store.may_undo(ONE)


def test_undo_never_touches_another_study(store: Annotations) -> None:
    store.add(mark(ONE))
    store.add(mark(OTHER))

    change = store.undo(NEXT)  # any frame names the study

    assert change is not None and change.identity == ONE
    assert store.of(ONE) == ()
    assert len(store.of(OTHER)) == 1
    assert store.undo(ONE) is None
    assert len(store.of(OTHER)) == 1


def test_a_mark_cannot_go_to_another_frame_or_be_added_twice(store: Annotations) -> None:
    first = mark()
    store.add(first)

    with pytest.raises(ValueError, match="another frame"):
        store.replace(replace(first, identity=NEXT))
    with pytest.raises(ValueError, match="another study"):
        store.replace(replace(first, identity=OTHER))
    with pytest.raises(ValueError, match="already"):
        store.add(replace(first, identity=OTHER))
    store.replace(mark())  # of an id that is not there: nothing happens
    assert store.of(ONE) == (first,)


def test_a_study_is_changed_until_what_it_holds_was_saved(store: Annotations) -> None:
    assert not store.is_changed(ONE)
    first = mark()
    store.add(first)
    assert store.is_changed(ONE)
    assert not store.is_changed(OTHER)

    taken = store.take(ONE)
    store.toggle_key_image(ONE)
    store.note_saved(ONE, taken)
    assert store.is_changed(ONE)  # the key image came after
    store.note_saved(ONE, store.take(ONE))
    assert not store.is_changed(ONE)
    assert store.changed_studies() == ()

    store.remove(first.id)
    assert store.is_changed(ONE)
    store.undo(ONE)
    assert not store.is_changed(ONE)  # as it was saved, whatever the way back


def test_what_was_saved_comes_back_beside_what_was_drawn_meanwhile(store: Annotations) -> None:
    saved, drawn = mark(), mark()
    changed = mark()
    store.add(drawn)
    store.add(changed)

    older = replace(changed, points=((3, 3), (4, 4)))
    store.put(ONE, Marked((saved, older, mark(OTHER)), (NEXT, OTHER)))

    assert set(store.of(ONE)) == {saved, drawn, changed}
    assert store.key_images(ONE) == (NEXT,)
    assert store.of(OTHER) == () and store.key_images(OTHER) == ()
    assert store.is_changed(ONE)


def test_what_was_taken_away_meanwhile_does_not_come_back(store: Annotations) -> None:
    gone = mark()
    store.add(gone)
    store.remove(gone.id)
    store.toggle_key_image(NEXT)
    store.toggle_key_image(NEXT)

    store.put(ONE, Marked((gone,), (NEXT,)))

    assert store.of(ONE) == ()
    assert store.key_images(ONE) == ()


def test_loading_leaves_nothing_to_undo_and_nothing_to_save(store: Annotations) -> None:
    store.put(ONE, Marked((mark(), mark(NEXT)), (ONE,)))

    assert not store.is_changed(ONE)
    assert not store.may_undo(ONE)
    assert store.is_key_image(ONE) and not store.is_key_image(NEXT)


def test_what_is_found_in_several_places_adds_up(store: Annotations) -> None:
    first, second = mark(), mark(NEXT)

    store.put(ONE, Marked((first,)))
    store.put(ONE, Marked((second,)))
    store.put(ONE, Marked(key_images=(ONE,)))

    assert store.take(ONE) == Marked((second, first), (ONE,))
    assert not store.is_changed(ONE)
    store.remove(first.id)
    assert store.is_changed(ONE)
