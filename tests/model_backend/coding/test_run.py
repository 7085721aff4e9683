"""A tokenizer learns to draw pictures again, repeats itself, and writes codes that are learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model_backend.coding.folder import FILE, middle, read_coder
from model_backend.coding.network import CodeConfig, CodeNetwork
from model_backend.coding.recipe import read_code_recipe
from model_backend.coding.run import CodeRun
from model_backend.datasets.reading import open_dataset
from model_backend.folder import ModelFolder
from model_backend.request import BadCheckpoint
from model_backend.training.__main__ import main
from model_backend.training.problems import TrainingProblem
from model_backend.tuning.logs import Voice
from tests.model_backend.tuning.conftest import NETWORK, drawn_rows, write_set

RECIPE = """
version = 1
name = "small codes"
[tokenizer]
data = ["pictures"]
side = 32
rows = 8
threads = 1
{learning}
[network]
codes = 64
dim = 8
width = 16
blocks = 1
"""
SILENT = Voice(False, silent=True)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    rows = drawn_rows(("choice",), 24, "train", 1) + drawn_rows(("choice",), 6, "validation", 2)
    write_set(root / "pictures", rows)
    return root


def recipe_in(folder: Path, **learning: int) -> Path:
    path = folder / "codes.toml"
    values = "\n".join(f"{key} = {value}" for key, value in learning.items())
    path.write_text(RECIPE.format(learning=values), encoding="utf-8")
    return path


def test_it_learns_to_draw_what_it_was_shown_with_codes_in_use(data: Path, tmp_path: Path) -> None:
    recipe = read_code_recipe(recipe_in(tmp_path, steps=120))
    run = CodeRun(recipe, data, tmp_path / "out", SILENT)
    before = run.measure()

    run.train()

    after = run.measure()
    assert after.pictures == 6
    assert after.error < 0.6 * before.error
    assert after.used > 0.1 and after.perplexity > 4


def test_a_run_that_was_stopped_goes_on_with_the_same_losses(data: Path, tmp_path: Path) -> None:
    recipe = read_code_recipe(recipe_in(tmp_path, steps=8))
    unbroken = CodeRun(recipe, data, tmp_path / "unbroken", SILENT)
    unbroken.train()
    CodeRun(recipe, data, tmp_path / "out", SILENT).train(until=3)

    again = CodeRun(recipe, data, tmp_path / "out", SILENT)
    assert again.done == 3
    again.train()

    assert again.losses == unbroken.losses
    assert again.network.codebook.equal(unbroken.network.codebook)


def test_the_command_writes_codes_that_a_model_learns_and_its_card_says_whose_they_are(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    recipe = recipe_in(tmp_path, steps=5)
    assert main([str(recipe), "--data", str(data), "--out", str(out)]) == 0
    assert "not the paper's codes" in capsys.readouterr().out

    coded = open_dataset(out / "data" / "pictures")
    row = next(coded.rows("train"))
    assert coded.count("train") == 24 and coded.facts["codes"]["tokenizer"] == "small codes"
    coder = read_coder(out / "tokenizer")
    assert len(row.codes) == 16 and max(row.codes) < coder.codes == 64
    assert coder.picture_of(np.array(row.codes)).size == (32, 32)

    source = '[[source]]\ndata = "pictures"\nrows = 4\n'
    learning = tmp_path / "model.toml"
    text = f'version = 1\nname = "painter"\n[tuning]\nsteps = 2\n{NETWORK}\n{source}'
    learning.write_text(text, encoding="utf-8")
    assert main([str(learning), "--data", str(out / "data"), "--out", str(out / "run")]) == 0
    folder = ModelFolder.read(out / "run" / "model")
    assert folder.tasks == ("infill_image",)
    assert any("small codes" in line and "not" in line for line in folder.card()["said"])


def test_codes_lie_row_by_row_as_the_picture_does() -> None:
    torch.manual_seed(0)
    network = CodeNetwork(CodeConfig(codes=16, dim=4, width=8, blocks=0)).eval()
    pictures = torch.zeros(1, 3, 16, 32)
    pictures[:, :, :, 16:] = 1.0

    codes = network.codes_of(pictures)

    assert codes.shape == (1, 2, 4)
    assert network.picture_of(codes).shape == (1, 3, 16, 32)


def test_the_middle_is_what_infilling_hides() -> None:
    pixels = np.zeros((256, 256), np.uint8)
    pixels[64:192, 64:192] = 200

    seen = np.asarray(middle(Image.fromarray(pixels), 128))

    assert seen.shape == (128, 128, 3)
    assert seen[2:-2, 2:-2].min() == 200


def test_a_tokenizer_that_was_changed_is_refused(data: Path, tmp_path: Path) -> None:
    run = CodeRun(read_code_recipe(recipe_in(tmp_path, steps=1)), data, tmp_path / "out", SILENT)
    run.write(tmp_path / "tokenizer")
    text = (tmp_path / "tokenizer" / FILE).read_text(encoding="utf-8")

    (tmp_path / "tokenizer" / FILE).write_text(text.replace('"codes": 64', '"codes": 63'))

    with pytest.raises(BadCheckpoint, match="no image tokenizer"):
        read_coder(tmp_path / "tokenizer")


def test_more_codes_than_the_dictionary_has_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "codes.toml"
    path.write_text(RECIPE.format(learning="").replace("codes = 64", "codes = 9000"), "utf-8")

    with pytest.raises(TrainingProblem, match="2 to 8192 codes"):
        read_code_recipe(path)
