"""What is known of a picture without its labels: its part of the body and how it was made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from model_backend.training.pictures import Picture
from model_backend.training.teacher import words_of
from model_backend.training.wordings import NO, YES

YES_NO = (YES, NO)
ORGANS = {"CHEST": "chest", "ABD": "abdomen", "HEAD": "head"}
# Words of a question or answer that give away how the picture was made.
MODALITIES = {
    "mri": "mri mr t1 t2 flair dwi adc weighted hyperintense hyperintensity intensity diffusion",
    "ct": "ct hyperdense hypodense hyperdensity hypodensity attenuation hounsfield",
    "x-ray": "x xray cxr radiograph radiographs film pa ap",
}
MOSTLY = {"CHEST": "x-ray", "ABD": "ct"}  # where no word gives it away; heads are of both kinds


@dataclass(frozen=True, slots=True)
class Example:
    """One thing to learn. `candidates` is empty for free text."""

    picture: int  # index into the list of pictures
    text: str
    answer: str
    candidates: tuple[str, ...] = ()
    likely: float | None = None  # a teacher's chance of "yes", in place of a true answer
    finding: str = ""  # of our wordings, which a tutor may know better than one label
    opposite: bool = False  # its "yes" means that the finding is absent


def modality_of(picture: Picture) -> str:
    """One of MODALITIES, from the words of its questions and answers; empty where unknown."""
    votes: Counter[str] = Counter()
    for question in picture.questions:
        if question.answer.lower() == NO:
            continue
        asked, said = set(words_of(question.text)), set(words_of(question.answer))
        meant = [name for name, words in MODALITIES.items() if asked & set(words.split())]
        votes.update(name for name in meant if len(meant) == 1)
        told = [name for name, words in MODALITIES.items() if said & set(words.split())]
        votes.update({name: 3 for name in told})
    return votes.most_common(1)[0][0] if votes else MOSTLY.get(picture.organ, "")


def modality_example(index: int, modality: str, chance: np.random.Generator) -> Example:
    """A made-up question about how the picture was made, half the time a closed one."""
    if chance.random() < 0.5:
        texts = (
            "what imaging modality was used?",
            "what modality is this?",
            "what type of image is this?",
            "what kind of image is this?",
        )
        return Example(index, texts[chance.integers(len(texts))], modality)
    names = list(MODALITIES)
    others = [name for name in names if name != modality]
    asked = modality if chance.random() < 0.5 else others[chance.integers(len(others))]
    article = "a" if asked == "ct" else "an"
    text = f"is this {article} {asked}?"
    return Example(index, text, YES if asked == modality else NO, YES_NO)


def organ_example(index: int, organ: str, chance: np.random.Generator) -> Example:
    """A made-up question about the part of the body, as often yes as no."""
    true = ORGANS[organ]
    others = sorted(set(ORGANS.values()) - {true})
    asked = true if chance.random() < 0.5 else others[chance.integers(len(others))]
    texts = (
        f"is this an image of the {asked}?",
        f"does this image show the {asked}?",
        f"is this a {asked} image?",
    )
    text = texts[chance.integers(len(texts))]
    return Example(index, text, YES if asked == true else NO, YES_NO)


FILM_FACTS = (
    ("what type of image is this?", "x-ray"),
    ("what imaging modality was used?", "x-ray"),
    ("what kind of image is this?", "chest x-ray"),
    ("what part of the body is shown?", "chest"),
    ("what organ is shown?", "lungs"),
)


def fact_example(index: int, chance: np.random.Generator) -> Example:
    """What is true of every chest film: half the time its part of the body, else what it is."""
    if chance.random() < 0.5:
        return organ_example(index, "CHEST", chance)
    text, answer = FILM_FACTS[chance.integers(len(FILM_FACTS))]
    return Example(index, text, answer)
