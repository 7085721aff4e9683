"""Which rows a process gets when, and that nothing is lost or doubled between processes."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from model_backend.datasets.reading import open_dataset
from model_backend.training.problems import TrainingProblem
from model_backend.tuning.examples import Ready
from model_backend.tuning.recipe import Source
from model_backend.tuning.stream import Stream


@pytest.fixture
def stream(data: Path) -> Stream:
    return Stream(Ready(0, Source("captions"), 64), open_dataset(data / "captions"), 7)


def ids(stream: Stream, first: int, share: tuple[int, int], count: int) -> list[tuple[int, str]]:
    return [(place, row.id) for place, row in islice(stream.rows(first, share), count)]


def test_every_epoch_has_every_row_once_in_an_order_of_its_own(stream: Stream) -> None:
    found = ids(stream, 0, (0, 1), 72)

    epochs = [[name for _, name in found[start : start + 24]] for start in (0, 24, 48)]
    assert [place for place, _ in found] == list(range(72))
    assert all(len(set(epoch)) == 24 for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


@pytest.mark.parametrize("shares", [2, 5, 7])
def test_processes_share_the_rows_of_one_order(stream: Stream, shares: int) -> None:
    whole = dict(ids(stream, 0, (0, 1), 70))

    parts = [ids(stream, 0, (mine, shares), 70 // shares) for mine in range(shares)]

    assert dict(pair for part in parts for pair in part) == {
        place: whole[place] for place in range(70 // shares * shares)
    }


@pytest.mark.parametrize("first", [1, 10, 23, 24, 30, 55])
def test_whoever_begins_later_gets_what_would_have_come_then(stream: Stream, first: int) -> None:
    for mine in range(3):
        whole = ids(stream, 0, (mine, 3), 40)
        assert ids(stream, first, (mine, 3), 5) == [one for one in whole if one[0] >= first][:5]


def test_an_empty_part_is_named(stream: Stream) -> None:
    with pytest.raises(TrainingProblem, match="no row in its part test"):
        next(stream.of_part("test").rows(0, (0, 1)))
