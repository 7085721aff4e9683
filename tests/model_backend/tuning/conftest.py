"""Small data sets of drawings, and recipes of a tiny network, for the trainer's tests."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from model_backend import request as names
from model_backend.datasets.row import LabelledBox, Row
from model_backend.datasets.writing import DatasetWriter
from model_backend.practice.drawing import Box
from model_backend.practice.examples import Case, cases_of
from model_backend.tasks import TASKS
from model_backend.tuning.logs import Voice
from model_backend.tuning.recipe import read_tuning
from model_backend.tuning.run import Run
from model_backend.tuning.world import World

NETWORK = """
[network]
d_model = 32
ffn_dim = 64
heads = 2
encoder_layers = 2
decoder_layers = 2
resnet_layers = [1, 1, 1]
vocab_size = 6601
dict_lines = 6500
code_dict_size = 64
num_bins = 32
token_bucket_size = 16
image_bucket_size = 4
code_image_size = 32
patch_image_size = 64
orig_patch_image_size = 64
max_image_size = 64
max_positions = 256
"""
TEXTS = (names.SUMMARY, names.INFILL_TEXT)
Recipes = Callable[..., Path]


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def png(pixels: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def row_of(case: Case, number: int, part: str) -> Row:
    """A drawn case as a row."""
    boxes = [(case.box, "")] if case.box else list(case.boxes)
    text = case.answer if case.task == names.INFILL_TEXT else case.text
    return Row(
        id=f"{case.task}-{number}",
        task=case.task,
        part=part,
        group=f"drawing-{number}",
        images=(png(case.phantom.pixels),) if case.phantom else (),
        text=text,
        text2=case.text2,
        answer=case.answer,
        candidates=case.candidates,
        boxes=tuple(labelled(box, label) for box, label in boxes),
        codes=case.codes,
    )


def labelled(box: Box, label: str) -> LabelledBox:
    x0, y0, x1, y1 = map(float, box)
    return LabelledBox(x0, y0, x1, y1, label)


def write_set(folder: Path, rows: list[Row]) -> Path:
    with DatasetWriter(folder, name=folder.name, source="drawn", licence="none") as writer:
        for row in rows:
            writer.write(row)
    return folder


def drawn_rows(tasks: tuple[str, ...], each: int, part: str, seed: int) -> list[Row]:
    rows = []
    for place, task in enumerate(tasks):
        cases = cases_of(task, np.random.default_rng([seed, place]))
        rows += [row_of(next(cases), number, part) for number in range(each)]
    return rows


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sets `everything`, `questions`, `pictures`, `texts`, `codes` and `boxes`."""
    root = tmp_path_factory.mktemp("data")
    sets = {
        "everything": tuple(TASKS),
        "questions": (names.CHOICE,),
        "captions": (names.FINDINGS,),
        "texts": (names.INFILL_TEXT,),
        "codes": (names.INFILL_IMAGE,),
        "boxes": (names.DETECTION,),
    }
    for seed, (name, tasks) in enumerate(sets.items()):
        each = 4 if name == "everything" else 24
        rows = drawn_rows(tasks, each, "train", seed)
        rows += drawn_rows(tasks, 2 if name == "everything" else 8, "validation", 100 + seed)
        write_set(root / name, rows)
    return root


@pytest.fixture
def recipes(tmp_path: Path) -> Recipes:
    """Writes a recipe of the tiny network: values of [tuning], then of its sources."""

    def write(sources: str, network: str = NETWORK, head: str = "", **tuning: object) -> Path:
        lines = [f"{key} = {literal(value)}" for key, value in tuning.items()]
        number = len(list(tmp_path.glob("recipe*.toml")))
        path = tmp_path / f"recipe{number}.toml"
        text = f'version = 1\nname = "tiny"\n{head}\n[tuning]\n' + "\n".join(lines)
        path.write_text(text + "\n" + network + "\n" + sources, encoding="utf-8")
        return path

    return write


def literal(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(map(literal, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else repr(value)


ALONE = World(0, 1, torch.device("cpu"))


def run_of(recipe: Path, data: Path, out: Path) -> Run:
    """A run of this process alone, which says nothing."""
    return Run(read_tuning(recipe), data, out, out / "models", ALONE, Voice(False, silent=True))
