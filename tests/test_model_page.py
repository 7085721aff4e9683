"""The table of sizes in docs/model.md is computed from the configurations."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.floors import BYTES, counts, parameters
from model_backend.biomedgpt.config import SIZES


@pytest.mark.parametrize("size", SIZES)
def test_row_of_a_size_is_what_its_configuration_gives(root: Path, size: str) -> None:
    page = (root / "docs" / "model.md").read_text(encoding="utf-8")
    (line,) = [line for line in page.splitlines() if line.startswith(f"| {size} |")]
    weights, work = parameters(SIZES[size]), counts(SIZES[size], 384, 14)

    cells = [cell.strip().replace(",", "") for cell in line.strip("|").split("|")]

    assert cells == [
        size,
        str(weights),
        *(f"{weights * width / 1e6:.0f}" for width in BYTES.values()),
        f"{work.step_weights / 1e6:.1f}",
        f"{work.stem / 1e9:.1f}",
        f"{work.encoder / 1e9:.1f}",
    ]


def test_work_of_base_is_what_the_floors_are_known_for() -> None:
    work = counts(SIZES["base"], 384, 14)

    assert work.step_weights == pytest.approx(95e6, rel=0.01)
    assert work.stem == pytest.approx(41e9, rel=0.01)
    assert work.encoder == pytest.approx(59e9, rel=0.01)
