"""A run tells in a bar, in lines or in objects, and leaves files for others' programs."""

from __future__ import annotations

import io
import json
from pathlib import Path

from model_backend.tuning.logs import BOARD, Board, Progress, Voice, bar

PROGRESS = Progress(5, 20, 2, 1.25, 5e-5, 12.0, 0.01, 61.0)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_that_stays_on_its_line() -> None:
    terminal = Terminal()
    voice = Voice(False, terminal)

    voice.show(PROGRESS)
    voice.show(PROGRESS)
    voice.say("done")

    said = terminal.getvalue()
    assert said.count("\r[#####...............] update 5/20") == 2
    assert said.endswith("\ndone\n") and said.count("\n") == 2


def test_a_file_gets_lines_and_a_program_objects() -> None:
    plain, objects = io.StringIO(), io.StringIO()

    Voice(False, plain).show(PROGRESS)
    Voice(True, objects).show(PROGRESS)

    assert plain.getvalue() == f"{PROGRESS}\n" and "00:01:01 left" in plain.getvalue()
    found = json.loads(objects.getvalue())
    assert found["event"] == "progress" and found["update"] == 5 and found["loss"] == 1.25


def test_a_narrow_terminal_gets_no_more_than_it_has_room_for() -> None:
    assert len(bar(PROGRESS, 40)) == 40


def test_tensorboard_finds_what_was_written(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = Board(tmp_path, 0)
    for update in (1, 2):
        board.add(update, {"train/loss": 0.5 * update})
    board.close()

    read = EventAccumulator(str(tmp_path / BOARD))
    read.Reload()
    assert [(one.step, one.value) for one in read.Scalars("train/loss")] == [(1, 0.5), (2, 1.0)]
