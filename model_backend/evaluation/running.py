"""What the processes that measure and calibrate a model share: options, loading, a progress bar."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

from model_backend.datasets.row import TEST
from model_backend.evaluation.reading import LabelledSet, is_stored, read_labelled
from model_backend.folder import OWN, ModelFolder
from model_backend.models import Model, load
from model_backend.request import ModelError

SMALL = 64 * 2**20  # bytes of weights up to which one thread is not slower than several
STOPPED = 130  # exit code after Ctrl+C
WIDTH = 30  # letters of the bar

Item = TypeVar("Item")


def options(name: str, description: str | None) -> argparse.ArgumentParser:
    """A parser with the options that both processes know."""
    parser = argparse.ArgumentParser(prog=f"wetread model {name}", description=description)
    parser.add_argument("model", type=Path, help="a model folder")
    parser.add_argument("labelled", type=Path, help="a .jsonl or .tsv file, or a folder")
    parser.add_argument("--task", default="", help="what rows are that do not say so themselves")
    parser.add_argument("--split", default="", help="only this part of the set")
    parser.add_argument("--part", type=int, default=0, help="only so many cases, always the same")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"))
    parser.add_argument("--precision", default="auto", choices=("auto", "fp32", "bf16", "int8"))
    parser.add_argument("--threads", type=int, default=0, help="processor threads; 0: as fits")
    parser.add_argument("--json", action="store_true", help="the result as one JSON object")
    parser.add_argument("--write", action="store_true", help="into the embedded model as well")
    parser.add_argument("--no-write", action="store_true", help="leave model.json as it is")
    return parser


def carried_out(work: Callable[[], int]) -> int:
    """The exit code; 1 with one sentence for a known problem, STOPPED after Ctrl+C."""
    try:
        return work()
    except ModelError as error:
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped. Nothing was written.", file=sys.stderr)
        return STOPPED
    except OSError as error:
        print(f"{error.filename or 'The system'}: {error.strerror or error}.", file=sys.stderr)
    return 1


def opened_set(
    chosen: argparse.Namespace, folder: ModelFolder, stored_part: str = TEST
) -> LabelledSet:
    """The labelled set that the options name; of a stored data set that part alone, unless they
    name another. Raises LabelledProblem."""
    split = chosen.split or (stored_part if is_stored(chosen.labelled) else "")
    return read_labelled(
        chosen.labelled,
        task=chosen.task,
        split=split,
        part=chosen.part,
        tasks=folder.tasks,
        findings=folder.findings,
    )


def loaded(folder: ModelFolder, chosen: argparse.Namespace) -> Model:
    """The model, in this process. Raises ModelError."""
    is_small = bool(folder.weights) and folder.weights_path.stat().st_size <= SMALL
    threads = chosen.threads or (1 if is_small else 0)
    if threads > 0:  # read when torch is loaded, which is later
        os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(threads)
    return load(folder, chosen.device, chosen.precision)


def may_write(folder: ModelFolder, chosen: argparse.Namespace) -> bool:
    """Whether the result goes into `model.json`: of the program's own models only with --write."""
    return not chosen.no_write and (chosen.write or folder.path.resolve() not in OWN)


def counted(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """The items, with a bar on the error stream: drawn anew on a terminal, else a line a tenth."""
    is_terminal = sys.stderr.isatty()
    shown = -1
    for done, item in enumerate(items, 1):
        tenth = 10 * done // max(total, 1)
        share = WIDTH * min(done, total) // max(total, 1)
        if is_terminal:
            bar = "#" * share + "." * (WIDTH - share)
            print(f"\r{bar} {done} of {total} {what}", end="", file=sys.stderr, flush=True)
        elif tenth != shown:
            shown = tenth
            print(f"{done} of {total} {what}", file=sys.stderr, flush=True)
        yield item
    if is_terminal:
        print(file=sys.stderr)


def program_version() -> str:
    """The version of this program."""
    try:
        return version("wetread")
    except PackageNotFoundError:
        return "0+source"


def percent(value: float | None, digits: int = 1) -> str:
    """`65.4 %`, or a word where there is no figure."""
    return "no figure" if value is None or value != value else f"{value:.{digits}f} %"


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines with their columns below one another."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return [line.rstrip() for line in lines]
