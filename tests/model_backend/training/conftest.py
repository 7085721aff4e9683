"""Small data sets in the layouts of the real ones, drawn here, and a tiny recipe for them."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import model_backend.recipes

TINY = """
version = 1
name = "tiny"
model_version = "0.1"
validation = [0, 60]
wordings = "wordings.toml"

[network]
d_model = 32
ffn_dim = 64
heads = 2
encoder_layers = 1
decoder_layers = 1
token_bucket_size = 16
image_size = 32
common_lines = 100

[learning]
seed = 7
threads = 1
bfloat16 = false
dropout = 0.0
drop_path = 0.0
word_dropout = 0.0
taught = 1

[[stage]]
name = "all"
epochs = {epochs}
steps = 3
child = 6
nih = 3
vqa = 3
rate = 2e-3
"""


def picture(bright: bool, chance: np.random.Generator, size: int = 40) -> Image.Image:
    """Noise with a bright middle, or without."""
    pixels = chance.integers(30, 90, (size, size))
    if bright:
        pixels[12:28, 12:28] += 140
    return Image.fromarray(pixels.astype(np.uint8))


def encoded(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def make_data(folder: Path) -> Path:
    """The three sets: 30 child films, 20 adult ones, 12 images with three questions each."""
    chance = np.random.default_rng(3)
    child = folder / "cxr_pneumonia_224"
    child.mkdir(parents=True)
    rows = ["file,label,cause,patient"]
    with zipfile.ZipFile(child / "images.zip", "w") as archive:
        for number in range(30):
            label, cause = [("normal", ""), ("pneumonia", "bacteria"), ("pneumonia", "virus")][
                number % 3
            ]
            rows.append(f"{label}/{number}.png,{label},{cause},child-{number}")
            image = picture(label == "pneumonia", chance)
            archive.writestr(f"{label}/{number}.png", encoded(image, "PNG"))
    (child / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")

    nih = folder / "cxr_nih_64"
    nih.mkdir()
    rows = ["file,split,findings,patient"]
    with zipfile.ZipFile(nih / "images.zip", "w") as archive:
        for number in range(20):
            findings = ["No Finding", "Effusion|Mass"][number % 2]
            rows.append(f"{number}.png,train,{findings},{number:08d}")
            image = picture(findings != "No Finding", chance)
            archive.writestr(f"{number}.png", encoded(image, "PNG"))
    (nih / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")

    rad = folder / "vqa_rad"
    (rad / "images").mkdir(parents=True)
    lines = []
    for number in range(12):
        bright = number % 2 == 0
        name = f"synpic{number}.jpg"
        (rad / "images" / name).write_bytes(encoded(picture(bright, chance), "JPEG"))
        asked = [
            ("Is there a mass?", "Yes" if bright else "No", "CLOSED"),
            ("Is the image normal?", "No" if bright else "Yes", "CLOSED"),
            ("What is seen?", "A mass" if bright else "Air", "OPEN"),
        ]
        for question, answer, kind in asked:
            row = {"image_name": name, "image_organ": "CHEST", "question": question}
            row |= {"answer": answer, "answer_type": kind, "question_type": "PRES"}
            lines.append(json.dumps(row))
    (rad / "questions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def drawn_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data sets that no test may change."""
    return make_data(tmp_path_factory.mktemp("data"))


@pytest.fixture
def own_data(drawn_data: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(drawn_data, tmp_path / "data"))


@pytest.fixture
def tiny_recipe(tmp_path: Path) -> Path:
    """A recipe of two epochs of three steps, beside the real wordings."""
    return write_recipe(tmp_path, TINY.format(epochs=2))


@pytest.fixture
def long_recipe(tmp_path: Path) -> Path:
    """The same with fifteen epochs."""
    folder = tmp_path / "long"
    folder.mkdir()
    return write_recipe(folder, TINY.format(epochs=15))


def write_recipe(folder: Path, text: str) -> Path:
    packaged = Path(model_backend.recipes.__file__).with_name("wordings.toml")
    shutil.copy(packaged, folder / "wordings.toml")
    path = folder / "tiny.toml"
    path.write_text(text, encoding="utf-8")
    return path
