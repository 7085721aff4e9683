"""`python -m model_backend.evaluation.margins MODEL LABELLED ...`: fit the margins of controls."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from model_backend.controls.kept import write_margins
from model_backend.controls.margin import WANTED_BLIND, WANTED_CORRECT, Margin
from model_backend.datasets.row import VALIDATION
from model_backend.evaluation.asked import Asking
from model_backend.evaluation.controlled import Moved, flagged, margins_of, moved
from model_backend.evaluation.fit import LEFT_OUT_BELOW, SALT
from model_backend.evaluation.labelled import LabelledProblem
from model_backend.evaluation.metrics import interval
from model_backend.evaluation.running import (
    carried_out,
    columns,
    counted,
    loaded,
    may_write,
    opened_set,
    options,
    percent,
)
from model_backend.folder import ModelFolder

FEWEST = 50  # cases to be fitted on
FEWEST_LEFT_OUT = 20  # cases of other patients to be tested on


def parser() -> argparse.ArgumentParser:
    """The options, which `wetread model controls` shares."""
    known = options("controls", __doc__)
    known.add_argument("--also", type=Path, action="append", default=[], help="one more set")
    return known


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when done, 1 with one sentence for a known problem."""
    chosen = parser().parse_args(arguments)
    return carried_out(lambda: _fit(chosen))


def _fit(chosen: argparse.Namespace) -> int:
    folder = ModelFolder.read(chosen.model)
    cases, sets = _asked(folder, chosen)
    fitting = [one for one in cases if not _is_left_out(one)]
    tested = [one for one in cases if _is_left_out(one)]
    if len(fitting) < FEWEST or len(tested) < FEWEST_LEFT_OUT:
        raise LabelledProblem(
            f"{len(cases)} yes/no questions are too few: a margin needs {FEWEST} to be fitted on "
            f"and {FEWEST_LEFT_OUT} of other patients or images to be tested on (here "
            f"{len(fitting)} and {len(tested)})."
        )
    try:
        margins = margins_of(fitting)
    except ValueError as error:
        raise LabelledProblem(
            f"The model {folder.name} gives no right answer to be spared: {error}."
        ) from error
    is_written = may_write(folder, chosen)
    facts = {"date": datetime.now(UTC).date().isoformat(), "sets": sets, **_tested(tested, margins)}
    if is_written:
        write_margins(folder.path, folder.sha256, margins, facts)
    if chosen.json:
        tables = {name: one.as_json() for name, one in margins.items()}
        print(json.dumps({**facts, "margins": tables, "written": is_written}, ensure_ascii=False))
    else:
        print("\n".join(_lines(folder, margins, tested, len(fitting), is_written)))
    return 0


def _asked(folder: ModelFolder, chosen: argparse.Namespace) -> tuple[list[Moved], list[Any]]:
    """The cases of all sets, and which sets they are."""
    model = loaded(folder, chosen)
    cases: list[Moved] = []
    sets = []
    for path in (chosen.labelled, *chosen.also):
        own = argparse.Namespace(**{**vars(chosen), "labelled": path})
        labelled = opened_set(own, folder, VALIDATION)
        total = labelled.count()
        asking = Asking(answers=folder.answers, by_scores=True)
        found = list(counted(moved(model, labelled, asking), total, "cases"))
        cases += found
        sets.append(
            {
                "name": labelled.name,
                "split": labelled.split,
                "sha256": labelled.sha256,
                "cases": len(found),
                "left_out": len(labelled.left_out),
            }
        )
    return cases, sets


def _is_left_out(one: Moved) -> bool:
    """Whether this patient or image tests what the others fitted, as in calibrating."""
    return hashlib.sha256(f"{SALT}/{one.group}".encode()).digest()[0] < LEFT_OUT_BELOW


def _tested(cases: Sequence[Moved], margins: dict[str, Margin]) -> dict[str, Any]:
    blind, right = flagged(cases, margins)
    return {
        "tested": {
            "blind_flagged": round(float(np.mean(blind)), 4),
            "correct_flagged": round(float(np.mean(right)), 4) if right else None,
            "cases": len(blind),
            "correct_cases": len(right),
        }
    }


def _lines(
    folder: ModelFolder,
    margins: dict[str, Margin],
    tested: Sequence[Moved],
    fitted: int,
    is_written: bool,
) -> list[str]:
    """The result for people."""
    rows = [["", "margin", "blind answers flagged", "right answers flagged"]]
    for name in sorted(margins):
        mine = [one for one in tested if not name or one.question == name]
        blind, right = flagged(mine, margins)
        groups = [one.group for one in mine]
        rows.append(
            [
                f"  {name or 'all questions'}",
                f"{margins[name].value:.3f}",
                _share(blind, groups),
                _share(right, [one.group for one in mine if one.is_right]),
            ]
        )
    return [
        f"{folder.name} {folder.model_version}: fitted on {fitted} cases, counted on {len(tested)} "
        "of other patients or images.",
        f"Wanted: at least {WANTED_BLIND:.0%} of the answers of the model with its eyes shut, at "
        f"most {WANTED_CORRECT:.0%} of its right ones.",
        "",
        *columns(rows),
        "",
        f"Kept in {folder.path / 'controls.json'}." if is_written else "Not kept.",
    ]


def _share(flags: Sequence[bool], groups: Sequence[str]) -> str:
    if not flags:
        return "none"
    values = np.array(flags, float)
    low, high = interval(lambda places: float(values[places].mean()), groups, repeats=400)
    whole = f"{percent(100 * float(values.mean()))} ({100 * low:.1f} to {100 * high:.1f})"
    return f"{whole} of {len(flags)}"


if __name__ == "__main__":
    sys.exit(main())
