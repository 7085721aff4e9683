"""What a run tells while it goes: CSV always, TensorBoard where it is there, a bar or lines."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from model_backend.training.problems import TrainingProblem
from model_backend.training.saving import write_safely

CSV = "log.csv"
BOARD = "tensorboard"  # folder inside the run's
FIXED = ("update", "epoch", "loss", "rate", "norm", "places", "images", "left_out")
LAST = ("waited", "seconds")


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands."""

    update: int  # from 1
    updates: int
    epoch: int  # from 1, of the first source
    loss: float
    rate: float
    images_per_second: float
    waited: float  # share of the time in which the network waited for data
    seconds_left: float

    def __str__(self) -> str:
        left = time.strftime("%H:%M:%S", time.gmtime(max(self.seconds_left, 0)))
        return (
            f"update {self.update}/{self.updates} epoch {self.epoch} loss {self.loss:.4f} "
            f"rate {self.rate:.3g} {self.images_per_second:.1f} images/s {left} left"
        )


class Log:
    """The run's table of updates; rows after the one that a run goes on from are cut off."""

    def __init__(self, folder: Path, objectives: Sequence[str], done: int) -> None:
        self._path = folder / CSV
        self._columns = [*FIXED, *objectives, *LAST]
        rows = [row for row in self._read() if int(row["update"]) <= done] if done else []
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self._columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        with write_safely(self._path) as file:
            file.write(text.getvalue().encode("utf-8"))

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows more, at the end. Raises TrainingProblem."""
        try:
            with self._path.open("a", newline="", encoding="utf-8") as file:
                csv.DictWriter(file, self._columns, extrasaction="ignore").writerows(rows)
        except OSError as error:
            raise TrainingProblem(f"{self._path} could not be written: {error}.") from error

    def _read(self) -> list[dict[str, str]]:
        if not self._path.is_file():
            return []
        with self._path.open(newline="", encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if row.get("seconds")]


class Board:
    """TensorBoard's files, through the writer that torch has for them; nothing where it lacks."""

    def __init__(self, folder: Path, done: int) -> None:
        self._writer: Any = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        self._writer = SummaryWriter(str(folder / BOARD), purge_step=done + 1 if done else None)

    @property
    def is_there(self) -> bool:
        """Whether anything is written."""
        return self._writer is not None

    def add(self, update: int, values: Mapping[str, float]) -> None:
        """One value of each name."""
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(name, value, update)

    def close(self) -> None:
        """Write what waits."""
        if self._writer is not None:
            self._writer.close()


class Voice:
    """Speaks to the person: a bar on a terminal, plain lines into a file, or JSON lines."""

    def __init__(self, as_json: bool, out: TextIO | None = None, *, silent: bool = False) -> None:
        self._as_json = as_json
        self._out = out or sys.stdout
        self._silent = silent
        self._is_bar = not as_json and self._out.isatty()
        self._open_line = False

    def say(self, text: str, **facts: Any) -> None:
        """A sentence; `facts` go along in JSON."""
        if self._as_json:
            self._line(json.dumps({"event": "note", "text": text, **facts}))
        else:
            self._line(text)

    def show(self, progress: Progress) -> None:
        """Where the run stands."""
        if self._as_json:
            self._line(json.dumps({"event": "progress", **asdict(progress)}))
        elif not self._is_bar:
            self._line(str(progress))
        elif not self._silent:
            width = shutil.get_terminal_size().columns - 1
            self._out.write("\r" + bar(progress, width).ljust(width))
            self._out.flush()
            self._open_line = True

    def _line(self, text: str) -> None:
        if self._silent:
            return
        if self._open_line:
            self._out.write("\n")
            self._open_line = False
        self._out.write(text + "\n")
        self._out.flush()


def bar(progress: Progress, width: int) -> str:
    """Where the run stands as one line with a bar before it."""
    cells = 20 if width > 60 else 0
    done = round(cells * progress.update / max(progress.updates, 1))
    drawn = f"[{'#' * done}{'.' * (cells - done)}] " if cells else ""
    return f"{drawn}{progress}"[:width]
