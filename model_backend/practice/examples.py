"""The mixture: cases of each task, from a phantom or a text.

A `Case` is what a person would ask, with the right answer beside it; the same cases train the
network (`symbols.py`) and examine the finished model (`Case.request`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from model_backend import request as names
from model_backend.practice import writing
from model_backend.practice.codes import codes_of, middle_of
from model_backend.practice.drawing import (
    MIDDLE,
    MOST,
    PLACES,
    SHAPES,
    SIZES,
    TONES,
    Box,
    Phantom,
    Thing,
    draw_band,
    draw_things,
)
from model_backend.practice.writing import pick
from model_backend.request import ImageInput, Place, Request

YES_NO = ("yes", "no")
NOTHING = "nothing"
COUNTS = ("none", "one", "two")
EMPTY, SINGLE, DOUBLE, STRIPED = CLASSES = (
    "empty phantom",
    "phantom with one object",
    "phantom with two objects",
    "striped phantom",
)
MASK = "<mask>"


@dataclass(frozen=True, eq=False)
class Case:
    """A question with its right answer. `boxes` are places with what lies there, in pixels."""

    task: str
    answer: str = ""
    phantom: Phantom | None = None
    text: str = ""
    text2: str = ""
    candidates: tuple[str, ...] = ()
    box: Box | None = None
    boxes: tuple[tuple[Box, str], ...] = ()
    codes: tuple[int, ...] = ()

    def request(self) -> Request:
        """The question as any model of Wetread is asked it."""
        images = (ImageInput(self.phantom.pixels),) if self.phantom else ()
        return Request(
            self.task,
            images=images,
            text=self.text,
            text2=self.text2,
            candidates=self.candidates,
            box=Place(*self.box) if self.box else None,
        )


# --- cases about pictures ---


def question(phantom: Phantom, chance: np.random.Generator) -> Case:
    """Open questions: what is there, where is it, how many are there."""
    way = int(chance.integers(3))
    if way == 0 and phantom.things:
        thing = _any(phantom, chance)
        return Case(names.ANSWER, thing.place, phantom, f"where is the {thing.shape}?")
    if way == 1:
        text = "how many objects are there?"
        return Case(names.ANSWER, COUNTS[len(phantom.things)], phantom, text)
    place = pick(tuple(PLACES), chance)
    found = phantom.at(place)
    text = f"what is in the {place}?"
    return Case(names.ANSWER, found.shape if found else NOTHING, phantom, text)


def closed_question(phantom: Phantom, chance: np.random.Generator) -> Case:
    """Closed questions: is it there, is it bright or dark, large or small."""
    way = int(chance.integers(3))
    if way and phantom.things:
        thing = _any(phantom, chance)
        if way == 1:
            text, values = f"is the {thing.shape} bright or dark?", tuple(TONES)
            return Case(names.CHOICE, thing.tone, phantom, text, candidates=values)
        text, values = f"is the {thing.shape} small or large?", tuple(SIZES)
        return Case(names.CHOICE, thing.size, phantom, text, candidates=values)
    shape = pick(SHAPES, chance)
    answer = YES_NO[phantom.thing(shape) is None]
    return Case(names.CHOICE, answer, phantom, f"is there a {shape}?", candidates=YES_NO)


def findings(phantom: Phantom, chance: np.random.Generator) -> Case:
    """A sentence for each object, in the order of PLACES."""
    lines = [str(thing).capitalize() for thing in phantom.things] or ["No object"]
    if phantom.band:
        lines = [str(phantom.band).capitalize()]
    return Case(names.FINDINGS, " ".join(f"{line}." for line in ["Phantom image", *lines]), phantom)


def classification(phantom: Phantom, chance: np.random.Generator) -> Case:
    """What kind of phantom it is."""
    kind = (EMPTY, SINGLE, DOUBLE)[len(phantom.things)]
    answer = STRIPED if phantom.band else kind
    return Case(names.CLASSIFY, answer, phantom, candidates=CLASSES)


def matching(phantom: Phantom, chance: np.random.Generator) -> Case:
    """A caption of one of its objects, or one drawn blindly, which is wrong as a rule."""
    right = [f"{thing.tone} {thing.shape} in the {thing.place}" for thing in phantom.things]
    if right and chance.random() < 0.5:
        text = pick(tuple(right), chance)
    else:
        parts = (pick(values, chance) for values in (tuple(TONES), SHAPES, tuple(PLACES)))
        text = "{} {} in the {}".format(*parts)
    return Case(names.MATCHING, YES_NO[text not in right], phantom, text)


def region(phantom: Phantom, chance: np.random.Generator) -> Case:
    """What lies in a box: an object, or nothing in a quarter that is empty."""
    free = [place for place in PLACES if phantom.at(place) is None]
    if not phantom.things or chance.random() < 0.15:
        left, top = PLACES[pick(tuple(free), chance)]
        return Case(names.REGION, NOTHING, phantom, box=(left + 6, top + 6, left + 26, top + 26))
    thing = _any(phantom, chance)
    return Case(names.REGION, thing.look, phantom, box=thing.box)


def grounding(phantom: Phantom, chance: np.random.Generator) -> Case:
    """Where an object is, by its shape or by its whole look."""
    thing = _any(phantom, chance)
    text = thing.shape if chance.random() < 0.5 else thing.look
    return Case(names.GROUNDING, phantom=phantom, text=text, boxes=((thing.box, text),))


def detection(phantom: Phantom, chance: np.random.Generator) -> Case:
    """Every object with its shape, in the order of PLACES."""
    boxes = tuple((thing.box, thing.shape) for thing in phantom.things)
    return Case(names.DETECTION, phantom=phantom, boxes=boxes)


def infilling(phantom: Phantom, chance: np.random.Generator) -> Case:
    """The codes of the middle, which the band crosses."""
    codes = codes_of(middle_of(phantom.pixels, MIDDLE))
    return Case(names.INFILL_IMAGE, phantom=phantom, codes=codes)


def _any(phantom: Phantom, chance: np.random.Generator) -> Thing:
    return phantom.things[int(chance.integers(len(phantom.things)))]


# --- cases about texts ---


def entailment(chance: np.random.Generator) -> Case:
    text, text2, answer = writing.premise_and_hypothesis(chance)
    return Case(names.ENTAILMENT, answer, text=text, text2=text2)


def summary(chance: np.random.Generator) -> Case:
    """Findings to impression, or a dialogue to its outcome."""
    write = (writing.report_and_impression, writing.dialogue_and_summary)[int(chance.integers(2))]
    text, _, answer = write(chance)
    return Case(names.SUMMARY, answer, text=text)


def trial(chance: np.random.Generator) -> Case:
    text, text2, answer = writing.patient_and_trial(chance)
    return Case(names.TRIAL, answer, text=text, text2=text2)


def mortality(chance: np.random.Generator) -> Case:
    text, _, answer = writing.notes_and_outcome(chance)
    return Case(names.MORTALITY, answer, text=text)


def treatment(chance: np.random.Generator) -> Case:
    text, _, answer = writing.patient_and_treatment(chance)
    return Case(names.TREATMENT, answer, text=text, candidates=writing.TREATMENTS)


def text_infilling(chance: np.random.Generator) -> Case:
    """One or two spans of one to three words are lost from one of the two tellings, so that the
    other still holds them; spans as short as that, not Poisson's (spec 10.2)."""
    whole = writing.twice_told(chance)
    head, *tellings = whole.split(". ")
    lost = int(chance.integers(len(tellings)))
    words: list[str] = tellings[lost].split(" ")
    for _ in range(int(chance.integers(1, 3))):
        start = int(chance.integers(len(words)))
        length = int(chance.integers(1, 4))
        if MASK not in words[max(0, start - 1) : start + length + 1]:
            words[start : start + length] = [MASK]
    tellings[lost] = " ".join(words)
    text = ". ".join([head, *tellings])
    return Case(names.INFILL_TEXT, whole, text=text)


ABOUT_THINGS: dict[str, Callable[[Phantom, np.random.Generator], Case]] = {
    names.ANSWER: question,
    names.CHOICE: closed_question,
    names.FINDINGS: findings,
    names.CLASSIFY: classification,
    names.MATCHING: matching,
    names.REGION: region,
    names.GROUNDING: grounding,
    names.DETECTION: detection,
}
ABOUT_TEXTS: dict[str, Callable[[np.random.Generator], Case]] = {
    names.INFILL_TEXT: text_infilling,
    names.ENTAILMENT: entailment,
    names.SUMMARY: summary,
    names.TRIAL: trial,
    names.MORTALITY: mortality,
    names.TREATMENT: treatment,
}


def cases_of(
    task: str, chance: np.random.Generator, fewest: int = 0, most: int = MOST
) -> Iterator[Case]:
    """Endless cases of one task, each of a picture or text of its own.

    Pictures have from `fewest` to `most` objects; captions and classes are of bands too, unless
    objects are demanded.
    """
    while True:
        if task in ABOUT_TEXTS:
            yield ABOUT_TEXTS[task](chance)
        elif task == names.INFILL_IMAGE:
            yield infilling(draw_band(chance), chance)
        else:
            may_be_band = not fewest and task in (names.FINDINGS, names.CLASSIFY)
            with_band = may_be_band and chance.random() < 0.25
            phantom = draw_band(chance) if with_band else draw_things(chance, most)
            if len(phantom.things) >= max(fewest, task == names.GROUNDING):
                yield ABOUT_THINGS[task](phantom, chance)
