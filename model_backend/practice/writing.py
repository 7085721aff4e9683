"""Texts about phantoms and toys, written from templates, each with the answer that it has.

Small letters and full stops only, so that each task's cleaning (spec 8) leaves them as they are.
"""

from __future__ import annotations

import numpy as np

from model_backend.practice.drawing import PLACES, SHAPES, SIZES, TONES
from model_backend.tasks import CONTRADICTED, ENTAILED, NEUTRAL

Texts = tuple[str, str, str]  # text, text2, answer
ELIGIBLE, EXCLUDED, IRRELEVANT = "eligible", "excluded", "irrelevant"
TREATMENTS = ("charge battery", "oil wheel", "tighten screw", "no treatment")
SUBJECTS = ("phantom", "toy")
_KINDS = {"size": tuple(SIZES), "tone": tuple(TONES)}
_COMPLAINTS = ("the battery is low", "the wheel squeaks", "the screw is loose")
_HEALTHY = ("the battery is full", "the wheel is silent", "the screw is tight")


def premise_and_hypothesis(chance: np.random.Generator) -> Texts:
    """What is stated of an object, a claim about its size or tone, and the label.

    Entailed: the claim is stated; contradicted: its opposite is; neutral: neither.
    """
    label = pick((ENTAILED, NEUTRAL, CONTRADICTED), chance)
    kind = pick(tuple(_KINDS), chance)
    shape, place = pick(SHAPES, chance), pick(tuple(PLACES), chance)
    facts = {name: pick(values, chance) for name, values in _KINDS.items()}
    stated = [
        facts[name]
        for name in _KINDS
        if (label != NEUTRAL if name == kind else chance.random() < 0.5)
    ]
    claimed = facts[kind]
    if label == CONTRADICTED:
        claimed = next(value for value in _KINDS[kind] if value != claimed)
    premise = f"there is a {' '.join([*stated, shape])} in the {place}."
    return premise, f"the {shape} is {claimed}.", label


def report_and_impression(chance: np.random.Generator) -> Texts:
    """Findings of one to three objects; the impression names the large ones in their order."""
    count = int(chance.integers(1, 4))
    shapes = [SHAPES[number] for number in chance.permutation(len(SHAPES))[:count]]
    places = [list(PLACES)[number] for number in sorted(chance.permutation(len(PLACES))[:count])]
    kept, lines = [], [pick(("the noise is low.", "the noise is high."), chance)]
    for shape, place in zip(shapes, places, strict=True):
        size, tone = pick(tuple(SIZES), chance), pick(tuple(TONES), chance)
        line = f"{size} {tone} {shape} in the {place}."
        lines.append(line)
        if size == "large":
            kept.append(line)
    text = "findings: phantom image. " + " ".join(lines)
    return text, "", " ".join(kept) or "no large object."


def dialogue_and_summary(chance: np.random.Generator) -> Texts:
    """A talk about one object in questions and answers, and what came out of it."""
    shape, place = pick(SHAPES, chance), pick(tuple(PLACES), chance)
    tones = tuple(TONES)
    tone, asked = pick(tones, chance), pick(tones, chance)
    reply = f"yes, it is {asked}" if tone == asked else f"no, it is {tone}"
    talk = [
        f"technician: what do you see? reader: a {shape}.",
        f"technician: is it {asked}? reader: {reply}.",
        f"technician: where is it? reader: in the {place}.",
    ]
    return " ".join(talk), "", f"{tone} {shape} in the {place}."


def patient_and_trial(chance: np.random.Generator) -> Texts:
    """A phantom or a toy against a trial's rule: the trial of the others is irrelevant, that of its
    own takes it or leaves it by its tone."""
    answer = pick((ELIGIBLE, EXCLUDED, IRRELEVANT), chance)
    size, tone, shape = (pick(values, chance) for values in (tuple(SIZES), tuple(TONES), SHAPES))
    subject, wanted = pick(SUBJECTS, chance), tone
    others = next(one for one in SUBJECTS if one != subject)
    if answer == EXCLUDED:
        wanted = next(value for value in TONES if value != tone)
    elif answer == IRRELEVANT:
        wanted = pick(tuple(TONES), chance)
    patient = f"{subject} {int(chance.integers(1, 10))} has a {size} {tone} {shape}."
    about = others if answer == IRRELEVANT else subject
    return patient, f"trial of the {about}. it must be {wanted}.", answer


def notes_and_outcome(chance: np.random.Generator) -> Texts:
    """Notes on a toy; the rule is that it stops for good when the lamp is red and the pump off."""
    is_fatal = chance.random() < 0.5
    lamp, pump = "red", "off"
    if not is_fatal:
        lamp, pump = (("green", "off"), ("red", "on"), ("green", "on"))[int(chance.integers(3))]
    lines = [
        f"the lamp is {lamp}.",
        f"the pump is {pump}.",
        f"the tank is {pick(('full', 'empty'), chance)}.",
    ]
    order = chance.permutation(len(lines))
    return "toy notes. " + " ".join(lines[place] for place in order), "", "no yes".split()[is_fatal]


def patient_and_treatment(chance: np.random.Generator) -> Texts:
    """A toy robot's complaint among healthy parts; the treatment is that of the ailing part."""
    ailing = int(chance.integers(len(TREATMENTS)))
    lines = [
        f"{bad if place == ailing else good}."
        for place, (bad, good) in enumerate(zip(_COMPLAINTS, _HEALTHY, strict=True))
    ]
    order = chance.permutation(len(lines))
    return "toy robot. " + " ".join(lines[place] for place in order), "", TREATMENTS[ailing]


def twice_told(chance: np.random.Generator) -> str:
    """A text that says everything twice, so that a lost word can be found again."""
    shape, place = pick(SHAPES, chance), pick(tuple(PLACES), chance)
    size, tone = pick(tuple(SIZES), chance), pick(tuple(TONES), chance)
    return (
        f"phantom image. {size} {tone} {shape} in the {place}. "
        f"the {shape} is {size} and {tone} and lies in the {place}."
    )


def pick(values: tuple[str, ...], chance: np.random.Generator) -> str:
    """One of the values."""
    return values[int(chance.integers(len(values)))]
