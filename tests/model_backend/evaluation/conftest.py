"""A labelled set that the demo model's own answers label, so that its truth is known."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from model_backend.folder import EMBEDDED, ModelFolder
from model_backend.models import load
from model_backend.request import CHOICE, Answer, ImageInput, Request

WORDS = ("a mass", "an effusion", "a fracture", "free air", "a nodule", "oedema", "a device")
PLACES = ("left", "right", "upper", "lower", "middle")
PICTURES = 4


@dataclass(frozen=True)
class Asked:
    """One question about one picture, with the model's own calibrated probability of yes."""

    image: str
    question: str
    patient: str  # one each, so that every case counts for itself
    yes: float

    def row(self, answer: str) -> dict[str, str]:
        asked = {"image": self.image, "question": self.question, "patient": self.patient}
        return {**asked, "answer": answer}


@dataclass(frozen=True)
class OwnSet:
    """Pictures in a folder, and what the demo model makes of them."""

    folder: Path
    asked: tuple[Asked, ...]

    def write(self, name: str, answer: Callable[[Asked], str]) -> Path:
        """A set of JSON lines whose right answers are given by `answer`."""
        path = self.folder / name
        lines = [json.dumps(one.row(answer(one))) for one in self.asked]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path


@pytest.fixture(scope="session")
def own_set(tmp_path_factory: pytest.TempPathFactory) -> OwnSet:
    """4 pictures of noise and bars with 35 yes/no questions each."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("own-set")
    chance = np.random.default_rng(8)
    model = load(ModelFolder.read(EMBEDDED), "cpu", "fp32")
    asked: list[Asked] = []
    for number in range(PICTURES):
        pixels = chance.integers(0, 256, (24, 24)).repeat(4, 0).repeat(4, 1).astype(np.uint8)
        pixels[:, : 24 * number] //= 1 + number
        name = f"{number}.png"
        Image.fromarray(pixels).save(folder / name)
        texts = [f"is there {word} on the {place}?" for word in WORDS for place in PLACES]
        requests = [Request(CHOICE, (ImageInput(pixels),), text, ("yes", "no")) for text in texts]
        answers = [one for one in model.answer(requests, lambda: False) if isinstance(one, Answer)]
        for text, one in zip(texts, answers, strict=True):
            assert one.probabilities is not None
            asked.append(Asked(name, text, str(len(asked)), one.probabilities[0]))
    return OwnSet(folder, tuple(asked))


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Several threads wait for one another longer than so small a network works."""
    torch.set_num_threads(1)


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A copy of the embedded model that a test may write to."""
    path = tmp_path / "wetread-demo"
    shutil.copytree(EMBEDDED, path)
    return path
