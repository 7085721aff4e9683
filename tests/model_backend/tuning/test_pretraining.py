"""The packaged pre-training recipes: the paper's mixture, its two losses, its patches."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from model_backend.coding.recipe import read_code_recipe
from model_backend.training.recipe import PACKAGED
from model_backend.tuning.recipe import read_tuning
from model_backend.tuning.run import Run
from tests.model_backend.tuning.conftest import NETWORK, run_of


@pytest.fixture
def run(data: Path, tmp_path: Path) -> Run:
    """The small recipe on the tiny network and drawings."""
    text = (PACKAGED / "pretraining_small.toml").read_text(encoding="utf-8")
    for old, new in (
        ('size = "small"', "steps = 3\nvalidation_rows = 4"),
        ("image_size = 256", "image_size = 64"),
        ("patches = 196", "patches = 9"),
        ("[[source]]  # captions", f"{NETWORK}\n[[source]]  # captions"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return run_of(path, data, tmp_path / "out")


def test_a_batch_counts_rows_as_the_paper_does(run: Run) -> None:
    batch = next(run.mixture.batches(0, 0, 1, 1))

    counts = Counter(name for group in batch.groups for name in group.objectives)
    assert batch.rows == 16 + 4 + 2 + 2
    assert counts == {
        "caption": 8,
        "question": 8,
        "matching": 8,
        "answer_matching": 8,
        "infill_text": 4,
        "infill_image": 2,
        "detection": 2,
    }
    parts = {name: group.loss for group in batch.groups for name in group.objectives}
    assert {name for name, part in parts.items() if part == 1} == {
        "caption",
        "question",
        "matching",
        "answer_matching",
    }


def test_patches_are_sampled_and_conf_is_two_where_the_specification_says(run: Run) -> None:
    batch = next(run.mixture.batches(0, 0, 1, 1))

    for group in batch.groups:
        if group.loss == 1:
            assert group.order is not None and group.order.shape[1] == 9
            assert all(len(set(row)) == 9 for row in group.order.tolist())
            assert set(group.conf.tolist()) == {1.0}
        else:
            assert group.order is None
            assert set(group.conf.tolist()) == {2.0}


def test_a_caption_and_its_match_share_one_picture(run: Run) -> None:
    batch = next(run.mixture.batches(0, 0, 1, 1))

    assert batch.pictures == 16 + 2 + 2


def test_pre_training_runs_and_the_mixture_repeats_itself(run: Run) -> None:
    first = next(run.mixture.batches(0, 0, 1, 1))
    again = next(run.mixture.batches(0, 0, 1, 1))

    run.train()

    assert run.done == 3
    assert all(a.source.equal(b.source) for a, b in zip(first.groups, again.groups, strict=True))
    assert all(first.images[side].equal(again.images[side]) for side in first.images)


def test_the_packaged_recipes_have_the_paper_s_rates() -> None:
    small = read_tuning(PACKAGED / "pretraining_small.toml")
    base = read_tuning(PACKAGED / "pretraining_base.toml")
    tokenizer = read_code_recipe(PACKAGED / "tokenizer.toml")

    assert (small.tuning.rate, base.tuning.rate) == (5e-5, 1e-4)
    for recipe in (small, base):
        rows = [one.rows for one in recipe.sources]
        assert [rows[0] + rows[1], *rows[2:]] == [16, 4, 2, 2]  # 8 : 2 : 1 : 1
        assert (recipe.tuning.clip_norm, recipe.tuning.warmup) == (5.0, 0.01)
    assert tokenizer.network.codes == 8192 and tokenizer.learning.side == 128
