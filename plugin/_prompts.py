"""Question templates, and what may be asked of which image."""

from __future__ import annotations

import re

from dicom_io.image.frame import ImageFrame
from model_backend.folder import ModelFolder
from model_backend.request import CHOICE, FINDINGS

DESCRIBE = "what does the image describe?"  # spec/biomedgpt.md §8, captioning
YES_NO = ("yes", "no")
QUESTIONS = (  # offered for a picture that no model's own list fits
    "Is this image normal?",
    "Is there a pleural effusion?",
    "Is the heart enlarged?",
    "Is there pneumonia?",
    "Which part of the body is shown?",
)
_FILMS = ("CR", "DX", "DR", "RG", "RF")  # PS3.3 C.7.3.1.1.1; DR is retired but in archives
_CHEST = ("CHEST", "THORAX", "LUNG", "RIB", "HEART")
_LATERAL = ("LL", "RL", "LATERAL")  # PS3.3 C.8.7.1.1.3: ViewPosition
_ASKS_YES_OR_NO = re.compile(
    r"\W*(is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|should|may|might)"
    r"(n't)?\b",
    re.IGNORECASE,
)


def is_yes_no(question: str) -> bool:
    """True when yes or no answers the question; "left or right" asks for something else."""
    offers_two = re.search(r"\b(?<!and/)or\b", question, re.IGNORECASE)
    return bool(_ASKS_YES_OR_NO.match(question)) and not offers_two


def choices_for(question: str, choices: tuple[str, ...]) -> tuple[str, ...]:
    """The candidates to score: those given, else yes and no where that answers, else none."""
    if choices:
        return choices
    return YES_NO if is_yes_no(question) else ()


def suggested_questions(model: ModelFolder | None) -> tuple[str, ...]:
    """Questions to offer a reader: those that the model has learnt, else some usual ones."""
    learnt = tuple(_as_written(one.question) for one in model.findings) if model else ()
    return learnt or QUESTIONS


def why_no_draft(frame: ImageFrame, model: ModelFolder) -> str:
    """Why this model must not draft findings about this frame, in a sentence; "" when it may.

    Of the header alone; what a file says nothing about, `plugin/_gate.py` looks at.
    """
    if FINDINGS not in model.tasks and not (CHOICE in model.tasks and model.findings):
        return f"The model {model.name} cannot draft findings. Choose another in the settings."
    if frame.derivation:
        return "No draft: this is a computed plane. Go to an image of the study itself."
    if frame.made_up:
        return ""  # a picture file says nothing; the person who chose it knows
    if wrong := _not_a_frontal_chest_film(frame):
        return (
            f"No draft: the model {model.name} may draft frontal chest films of people only, "
            f"and {wrong}. Questions can still be asked."
        )
    return ""


def _not_a_frontal_chest_film(frame: ImageFrame) -> str:
    """What in the header speaks against it, as half a sentence; "" for nothing."""
    header, part = frame.header, body_part(frame)
    if frame.modality not in _FILMS:
        return f"this image has the modality {frame.modality or 'unknown'}"
    if part and not any(word in part for word in _CHEST):
        return f"this one shows the body part {part}"
    # PatientOrientation names the direction of a row first (PS3.3 C.7.6.1.1.1): to the patient's
    # left or right on a frontal film, forwards or backwards on a lateral one.
    direction = str((header.get("PatientOrientation") or [""])[0])[:1]
    if str(header.get("ViewPosition") or "").upper() in _LATERAL or direction in ("A", "P"):
        return "this one is lateral"
    species = str(header.get("PatientSpeciesDescription") or "").casefold()
    if species and not any(word in species for word in ("homo", "human")):
        return "this patient is not human"
    return ""


def domain_note(frame: ImageFrame) -> str:
    """What a reader must know of an answer about this frame; "" for a chest film."""
    if frame.made_up:
        return "the file does not say what it shows"
    part = body_part(frame)
    if frame.modality not in _FILMS or (part and not any(word in part for word in _CHEST)):
        return "the model knows little beyond chest films"
    return ""


def body_part(frame: ImageFrame) -> str:
    """BodyPartExamined in capitals; "" when the file does not say."""
    return str(frame.header.get("BodyPartExamined") or "").strip().upper()


def _as_written(question: str) -> str:
    return question[:1].upper() + question[1:]
