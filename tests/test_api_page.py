"""The lines of docs/api.md run as they stand, and give the golden numbers."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

GOLDENS = Path(__file__).parent / "data" / "goldens" / "tiny"
Session = dict[str, Any]


@pytest.fixture(scope="module")
def session(root: Path) -> Session:
    """What a reader has after typing the page's blocks in their order, in the checkout's root."""
    page = (root / "docs" / "api.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 7
    names: Session = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        for number, block in enumerate(blocks):
            exec(compile(block, f"docs/api.md, block {number + 1}", "exec"), names)
    return names


@pytest.fixture(scope="module")
def outputs() -> dict[str, torch.Tensor]:
    return load_file(GOLDENS / "outputs.safetensors")


def golden(name: str) -> Any:
    return json.loads((GOLDENS / f"{name}.json").read_text(encoding="utf-8"))


def assert_close(found: torch.Tensor, wanted: torch.Tensor) -> None:
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=0)


def test_the_page_has_ten_lines_a_task_or_so(root: Path) -> None:
    page = (root / "docs" / "api.md").read_text(encoding="utf-8")

    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        lines = [line for line in block.splitlines() if line.strip()]
        assert len([line for line in lines if not line.startswith(("import", "from"))]) <= 11


def test_its_encoder_gives_the_golden_states(
    session: Session, outputs: dict[str, torch.Tensor]
) -> None:
    assert_close(session["encoder"].states, outputs["full.encoder_out"])
    assert_close(session["again"].states, outputs["full.encoder_out"])
    assert_close(session["features"], outputs["full.resnet"])
    assert_close(session["sampled"].states, outputs["sampled.encoder_out"])
    for number, state in enumerate(session["encoder"].layers):
        assert_close(state, outputs[f"full.encoder_state_{number}"])


def test_its_decoder_gives_the_golden_logits(
    session: Session, outputs: dict[str, torch.Tensor]
) -> None:
    assert_close(session["logits"], outputs["full.logits"])
    assert_close(session["codes"], outputs["code_mixed.logits"])
    assert_close(torch.cat(session["steps"], dim=1), outputs["full.logits"][:, :2])
    for number, state in enumerate(session["layers"]):
        assert_close(state, outputs[f"full.decoder_state_{number}"])


def test_its_searches_find_the_golden_symbols(session: Session) -> None:
    searches = {one["name"]: one["hypotheses"] for one in golden("generation")}

    for name, found in (("beam5", session["free"]), ("bins_range_beam5", session["boxes"])):
        for mine, theirs in zip(found, searches[name], strict=True):
            assert [list(one.tokens) for one in mine] == [one["tokens"] for one in theirs]
    assert session["newest"] == searches["greedy"][0][0]["tokens"][-2]
    assert [len(one) for one in session["closed"]] == [3, 3, 3]
    assert [one[0].tokens[:1] for one in session["asked"]] == [(99,), (16,), (473,)]


def test_its_scores_and_losses_are_golden(session: Session) -> None:
    losses = golden("losses")

    assert session["labels"].shape == (3, 3)
    for row, hypotheses in zip(session["sums"], session["closed"], strict=True):
        assert sum(map(math.exp, row)) == pytest.approx(1.0, abs=1e-4)
        assert max(row) == pytest.approx(hypotheses[0].score, abs=1e-4)
    for name, case in (
        ("loss", "smooth0.1"),
        ("masked", "smooth0.1_constraint_masks"),
        ("sure", "smooth0.1_conf"),
    ):
        assert float(session[name].loss) == pytest.approx(losses[case]["loss"], rel=1e-5)


def test_its_texts_and_pictures_have_the_right_form(session: Session) -> None:
    assert session["text"] == " is the heart normal?"
    assert session["ids"] == [16, 5, 1144, 2340, 116]
    assert session["symbols"] == [6569 + 5, 6569 + 17]
    assert session["picture"].shape == (3, 64, 64)
    assert sorted(session["SIZES"]) == ["base", "huge", "large", "medium", "small"]
