"""The recipes of the published figures run on miniatures, and what comes out can be evaluated."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model_backend.datasets.row import Row
from model_backend.datasets.writing import DatasetWriter
from model_backend.evaluation import evaluate
from model_backend.folder import PRACTICE
from model_backend.training.__main__ import main as train
from model_backend.training.recipe import PACKAGED
from model_backend.tuning.recipe import read_tuning

Made = Callable[[int, str], Row]


def picture(number: int) -> tuple[bytes, ...]:
    pixels = np.random.default_rng(number).integers(0, 255, (32, 32)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return (buffer.getvalue(),)


def made(task: str, text: str, answers: tuple[str, str], *, closed: bool = False) -> Made:
    """Rows of one task, half with either answer."""

    def row(number: int, part: str) -> Row:
        has_image = task in ("answer", "findings", "classify")
        return Row(
            f"{part}{number}",
            task,
            part,
            f"{part}{number}",
            images=picture(number) if has_image else (),
            text=text,
            text2="another text" if task in ("entailment", "trial") else "",
            answer=answers[number % 2],
            references={answers[number % 2]: 1.0},
            candidates=answers if closed else (),
        )

    return row


ROWS = {
    "vqa_rad": made("answer", "is it a mass?", ("yes", "no")),
    "peir_gross": made("findings", "", ("clear lungs", "a round thing")),
    "meqsum": made("summary", "a long text about fever and cough", ("fever", "cough")),
    "medmnist": made("classify", "", ("circle", "square"), closed=True),
    "mednli": made("entailment", "a text", ("entailed", "neutral")),
    "trec_trials": made("trial", "a patient", ("eligible", "excluded")),
    "mortality": made("mortality", "notes", ("yes", "no")),
    "seer": made("treatment", "a patient", ("surgery", "none"), closed=True),
}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_recipe_trains_a_model_that_can_be_evaluated(name: str, tmp_path: Path) -> None:
    shutil.copytree(PRACTICE, tmp_path / "models" / "biomedgpt-base")
    data = read_tuning(PACKAGED / f"{name}.toml").sources[0].data
    with DatasetWriter(tmp_path / "sets" / data, name=name, source=name, licence="") as writer:
        for part in ("train", "validation", "test"):
            for number in range(4):
                writer.write(ROWS[name](number, part))
    text = (PACKAGED / f"{name}.toml").read_text(encoding="utf-8")
    for key, value in (("rows", 2), ("accumulate", 2), ("epochs", 1)):
        text = re.sub(rf"^{key} = \d+", f"{key} = {value}", text, flags=re.MULTILINE)
    (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    paths = ["--data", f"{tmp_path / 'sets'}", "--out", f"{tmp_path / 'run'}"]

    assert train([f"{tmp_path / name}.toml", *paths, "--models", f"{tmp_path / 'models'}"]) == 0

    model, folder = tmp_path / "run" / "model", tmp_path / "sets" / data
    out = tmp_path / "out"
    assert evaluate.main([f"{model}", f"{folder}", "--no-meteor", "--out", f"{out}"]) == 0
    report = json.loads((out / evaluate.JSON).read_text(encoding="utf-8"))
    (task,) = report["tasks"]
    assert task["cases"] == 4 and report["counts"]["training_cases"] == 4 and task["scores"]
