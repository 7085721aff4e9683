"""The cost model against measurement at three sizes, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.rows import Row

SIZES = ("small", "medium", "base")
WITHIN = 1.35  # times that a prediction may be off, either way


def cost_rows(turns: int, threads: int) -> Iterator[Row]:
    """Seconds and bytes of a step, predicted from the other two sizes' rates, beside what was
    measured."""
    found = {size: _measured(size, turns, threads) for size in SIZES}
    for size in SIZES:
        others = [found[other] for other in SIZES if other != size]
        one = found[size]
        # Two unknowns, the rates of the tower and of all else, from the two other sizes.
        slow, quick = _rates(others[0], others[1])
        seconds = one["tower"] * slow + one["rest"] * quick
        ratio = seconds / one["seconds"]
        yield Row(
            f"cost model, seconds of a batch, {size}",
            f"within {WITHIN} times",
            f"{one['seconds']:.3f} measured, {seconds:.3f} predicted: {ratio:.2f} times",
            1 / WITHIN <= ratio <= WITHIN,
        )
        ratio = one["predicted_bytes"] / one["bytes"]
        yield Row(
            f"cost model, memory, {size}",
            f"within {WITHIN} times",
            f"{one['bytes'] / 1e9:.2f} GB measured, {one['predicted_bytes'] / 1e9:.2f} predicted: "
            f"{ratio:.2f} times",
            1 / WITHIN <= ratio <= WITHIN,
        )


def _rates(one: dict[str, float], two: dict[str, float]) -> tuple[float, float]:
    """Seconds an operation of the tower and of the rest; one for both where two cannot be told."""
    across = one["tower"] * two["rest"] - two["tower"] * one["rest"]
    tower = (one["seconds"] * two["rest"] - two["seconds"] * one["rest"]) / across
    rest = (one["tower"] * two["seconds"] - two["tower"] * one["seconds"]) / across
    if tower > 0 and rest > 0:
        return tower, rest
    total = sum(size["tower"] + size["rest"] for size in (one, two))
    both = (one["seconds"] + two["seconds"]) / total
    return both, both


def _measured(size: str, turns: int, threads: int) -> dict[str, float]:
    program = Path(__file__).with_name("one_cost.py")
    command = [sys.executable, str(program), size, str(turns), str(threads)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found
