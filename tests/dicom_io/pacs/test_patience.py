"""Pauses grow, differ, and end; a clock that is set back stops nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dicom_io.identity import Identity
from dicom_io.pacs.outbox import Item, State
from dicom_io.pacs.patience import FIRST, LONGEST, SPREAD, is_due, pause_after

NOW = datetime.now().astimezone()
ITEM = Item(
    Path("item"),
    "1.2.3",
    Identity("P", "", "1.2"),
    "pacs",
    "PACS@host:104",
    State.QUEUED,
    NOW.isoformat(),
)


def tried(attempts: int, before: timedelta = timedelta(0)) -> Item:
    return replace(ITEM, attempts=attempts, tried_at=(NOW - before).isoformat())


@pytest.mark.parametrize("attempts", [1, 2, 3, 6, 40, 5000])
def test_pauses_double_up_to_the_longest_and_are_a_little_off(attempts: int) -> None:
    expected = min(FIRST * 2 ** min(attempts - 1, 20), LONGEST)

    pause = pause_after(tried(attempts))

    assert expected * (1 - SPREAD) <= pause <= expected * (1 + SPREAD)
    assert pause == pause_after(tried(attempts))


def test_items_that_failed_together_do_not_come_back_together() -> None:
    pauses = {pause_after(replace(tried(3), uid=f"1.2.{number}")) for number in range(20)}

    assert len(pauses) > 15


def test_an_item_is_due_after_its_pause_and_not_before() -> None:
    assert is_due(ITEM, NOW)  # never tried
    assert not is_due(tried(1), NOW)
    assert not is_due(tried(3, FIRST), NOW)
    assert is_due(tried(1, 2 * FIRST), NOW)


@pytest.mark.parametrize("state", [State.FAILED, State.VERIFIED])
def test_what_is_stored_or_needs_a_person_is_never_due(state: State) -> None:
    assert not is_due(replace(tried(1, timedelta(days=1)), state=state), NOW)


def test_a_clock_that_was_set_back_does_not_hold_an_item_for_days() -> None:
    assert is_due(tried(5, -timedelta(days=3)), NOW)
