"""What the network says to closed questions about the pictures that choose and calibrate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model_backend.biomedgpt.network import BiomedGPT
from model_backend.biomedgpt.tokenizer import BOS, Tokenizer
from model_backend.training.encoding import padded, source_ids
from model_backend.training.facts import YES_NO
from model_backend.training.pictures import Picture
from model_backend.training.wordings import NO, YES, Wordings

PICTURES, QUESTIONS = 32, 128  # at a time
ANY = "any"  # the key of questions that are not one of the wordings


@dataclass(frozen=True, slots=True)
class Case:
    """One yes/no question about one picture, with the true answer."""

    picture: int
    key: str  # the source and the finding's name, or the source and "any"
    text: str
    yes: bool


def yes_no_cases(pictures: Sequence[Picture], wordings: Wordings, part: str) -> list[Case]:
    """Every finding that a picture's labels speak of, and every yes/no question of VQA-RAD."""
    cases = []
    for index, picture in enumerate(pictures):
        if picture.part != part:
            continue
        for name, there in picture.labels.items():
            key = f"{picture.source}/{name}"
            cases.append(Case(index, key, wordings[name].question, there))
        for question in picture.questions:
            if question.answer.lower() in YES_NO:
                yes = question.answer.lower() == YES
                cases.append(Case(index, f"{picture.source}/{ANY}", question.text, yes))
    return cases


@torch.no_grad()
def yes_logits(
    network: BiomedGPT, tokenizer: Tokenizer, pixels: NDArray[np.uint8], cases: Sequence[Case]
) -> NDArray[np.float64]:
    """Log-odds of "yes" against "no" for each case; `pixels` is (pictures, size, size) uint8."""
    network.eval()
    yes, no = (tokenizer.encode(" " + word)[0] for word in (YES, NO))
    odds = np.zeros(len(cases))
    by_picture: dict[int, list[int]] = {}
    for place, case in enumerate(cases):
        by_picture.setdefault(case.picture, []).append(place)
    indices = list(by_picture)
    for start in range(0, len(indices), PICTURES):
        chosen = indices[start : start + PICTURES]
        features = network.image_features(as_input(pixels[chosen]))
        places = [place for index in chosen for place in by_picture[index]]
        rows = [row for row, index in enumerate(chosen) for _ in by_picture[index]]
        for first in range(0, len(places), QUESTIONS):
            part = places[first : first + QUESTIONS]
            source = padded([source_ids(tokenizer, cases[place].text) for place in part])
            seen = network.encode(source, features=features[rows[first : first + QUESTIONS]])
            logits = network.decode(torch.full((len(part), 1), BOS), seen)[:, 0]
            odds[part] = (logits[:, yes] - logits[:, no]).double().numpy()
    return odds


def as_input(pixels: NDArray[np.uint8]) -> Tensor:
    """(N, size, size) uint8 to (N, 3, size, size): mean and standard deviation one half."""
    images = torch.from_numpy(np.asarray(pixels)).unsqueeze(1).float() / 127.5 - 1
    return images.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
