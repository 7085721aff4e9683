"""Updates are counted and rates fall as in the paper's scripts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from model_backend.tuning.recipe import Tuning
from model_backend.tuning.schedule import rate_at, total_updates

TUNING = Tuning(epochs=3, accumulate=4, rate=1.0, warmup=0.1)


def test_an_epoch_has_the_batches_divided_by_the_accumulation_rounded_up() -> None:
    assert total_updates(TUNING, rows=100, batch=8, world=1) == 3 * 4
    assert total_updates(TUNING, rows=100, batch=8, world=2) == 3 * 2
    assert total_updates(TUNING, rows=1, batch=8, world=1) == 3
    assert total_updates(replace(TUNING, steps=7), rows=100, batch=8, world=1) == 7


def test_the_rate_rises_to_its_peak_and_falls_to_the_end() -> None:
    rates = [rate_at(TUNING, number, 100) for number in range(100)]

    assert rates[:10] == pytest.approx([(number + 1) / 10 for number in range(10)])
    assert rates[10] == 1.0 and rates[55] == pytest.approx(0.5)
    assert rates[99] == pytest.approx(1 / 90)


def test_power_and_final_bend_the_fall() -> None:
    square = replace(TUNING, power=2.0, final=0.2, warmup=0.0)

    assert rate_at(square, 50, 100) == pytest.approx(0.2 + 0.8 * 0.25)
