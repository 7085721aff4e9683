"""The model card: what it is, what it saw, what it reached on held-out cases, as JSON and text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from model_backend.evaluation.cases import Case, closed_answers, finding_cases, rad_cases
from model_backend.evaluation.figures import (
    THUMBNAIL,
    Figure,
    false_alarm_figure,
    finding_figures,
    rad_figures,
)
from model_backend.evaluation.measure import Given, ask_all
from model_backend.folder import ModelFolder
from model_backend.training.pictures import (
    CHILD,
    NIH,
    VQA_RAD,
    Picture,
    PictureFiles,
    read_pictures,
    small_pixels,
)
from model_backend.training.recipe import PACKAGED
from model_backend.training.saving import write_safely
from model_backend.training.split import HELD_OUT, TRAINING, VALIDATION
from model_backend.training.wordings import Wordings, read_wordings

CARD = "card.json"
CHILD_FINDINGS = ("pneumonia", "bacterial")
NIH_FINDINGS = ("normal", "effusion", "cardiomegaly", "atelectasis", "infiltration")
AIMS = {
    f"{CHILD}/pneumonia/auc": ("children, normal against pneumonia AUC", 0.97),
    f"{CHILD}/bacterial/auc": ("children, bacterial against viral AUC", 0.85),
    f"{NIH}/normal/auc": ("adults at 64 pixels, normal against abnormal AUC", 0.75),
    "vqa_rad/yes_no/auc": ("VQA-RAD yes/no AUC", 0.72),
    "vqa_rad/open/accuracy": ("VQA-RAD open exact", 0.2),
}
CLOSED_GAIN = 0.08  # wanted above the best floor that never looks at the picture
LARGEST_ERROR = 0.05  # wanted of every expected calibration error
SAMPLE = 24  # single answers kept in the card, so that it can be checked against the weights
SAID = (
    "Research use only. Nothing here is fit for care.",
    "It saw chest films of children aged one to five from one hospital, adult chest films only as "
    "64-pixel thumbnails with labels mined from reports, and 190 teaching images of head, chest "
    "and abdomen. On any other film its answers are guesses.",
    "Its sentences are our own wordings of those labels; it knows no other finding, no side, no "
    "size, no device and no fracture.",
    "Held out by the SHA-256 of the patient's (or image's) name, first byte under 51; fixed before "
    "the first run and never used for choosing. Intervals are 95 % bootstrap intervals over "
    "patients or images.",
)


def make_card(
    folder: ModelFolder,
    data: Path,
    *,
    say: Callable[[str], None] = lambda line: None,
    wordings: Path = PACKAGED / "wordings.toml",
) -> dict[str, Any]:
    """Measure the model on the held-out part and describe it. Raises ModelError."""
    description = json.loads((folder.path / "model.json").read_text(encoding="utf-8"))
    training = description.get("training", {})
    first, end = training.get("validation", [0, 26])
    pictures = read_pictures(data, (first, end))
    cases, known = held_out_cases(pictures, read_wordings(wordings))
    given = ask_all(folder, data, pictures, cases, say)
    say("learning the floors")
    figures = finding_figures(given, pictures, thumbnails_of(pictures, data), titles())
    figures += false_alarm_figure(
        given, pictures, f"{NIH}/pneumonia", "Adults at 64 pixels, no finding: called pneumonia"
    )
    figures += rad_figures(given, known, pictures)
    return {
        "version": 1,
        "model": {
            "name": folder.name,
            "version": folder.model_version,
            "sha256": folder.sha256,
            "manufacturer": folder.manufacturer,
            "licence": folder.licence,
        },
        "said": [*SAID, *by_chance(figures)],
        "sources": list(folder.sources),
        "counts": counts(pictures),
        "training": training,
        "figures": [one.as_json() for one in figures],
        "wanted": wanted(figures),
        "sample": sample(given, pictures),
    }


def held_out_cases(
    pictures: Sequence[Picture], wordings: Wordings
) -> tuple[list[Case], list[Case]]:
    """The cases to ask, and the questions of VQA-RAD that the floors may learn from."""
    known = [case for part in (TRAINING, VALIDATION) for case in rad_cases(pictures, part, ())]
    names = {CHILD: CHILD_FINDINGS, NIH: (*NIH_FINDINGS, "pneumonia")}
    cases = finding_cases(pictures, wordings, HELD_OUT, names)
    return cases + rad_cases(pictures, HELD_OUT, closed_answers(known)), known


def titles() -> dict[str, str]:
    """What each finding's figures are called."""
    names = {
        f"{CHILD}/pneumonia": "Children, normal against pneumonia",
        f"{CHILD}/bacterial": "Children with pneumonia, bacterial against viral",
        f"{NIH}/normal": "Adults at 64 pixels, normal against abnormal",
    }
    for finding in NIH_FINDINGS[1:]:
        names[f"{NIH}/{finding}"] = f"Adults at 64 pixels, {finding}"
    return names


def thumbnails_of(pictures: Sequence[Picture], data: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """(pictures, 48, 48) uint8; those of VQA-RAD, which no floor looks at, are left black."""
    small = np.zeros((len(pictures), THUMBNAIL, THUMBNAIL), np.uint8)
    files = PictureFiles(data)
    try:
        for index, picture in enumerate(pictures):
            if picture.source != VQA_RAD:
                small[index] = small_pixels(files.pixels(picture), THUMBNAIL)
    finally:
        files.close()
    return small


def counts(pictures: Sequence[Picture]) -> dict[str, dict[str, int]]:
    """Pictures and patients (or images) of each set in each part."""
    table: dict[str, dict[str, int]] = {}
    for source in (CHILD, NIH, VQA_RAD):
        row = {}
        for part in (TRAINING, VALIDATION, HELD_OUT):
            chosen = [one for one in pictures if one.source == source and one.part == part]
            row[f"{part}_pictures"] = len(chosen)
            row[f"{part}_groups"] = len({one.group for one in chosen})
        table[source] = row
    return table


def wanted(figures: Sequence[Figure]) -> list[dict[str, Any]]:
    """The aims of the second edition, and whether they were reached."""
    by_name = {one.name: one for one in figures}
    aims: list[dict[str, Any]] = []
    for name, (words, least) in AIMS.items():
        if name in by_name:
            reached = by_name[name].value >= least
            aims.append({"aim": f"{words} at least {least}", "reached": reached})
    closed = by_name.get("vqa_rad/closed/accuracy")
    if closed is not None:
        gain = closed.value - max(value for _, value in closed.floors)
        aims.append(
            {
                "aim": "VQA-RAD closed at least 8 points above the best blind floor",
                "reached": gain >= CLOSED_GAIN,
                "points": round(100 * gain, 1),
            }
        )
    for one in figures:
        if one.name.endswith("/calibration"):
            aim = f"{one.title} at most {LARGEST_ERROR}"
            aims.append({"aim": aim, "reached": one.value <= LARGEST_ERROR})
    return aims


def by_chance(figures: Sequence[Figure]) -> list[str]:
    """A sentence that names what the model cannot tell: areas whose interval reaches one half."""
    names = [
        one.title.removesuffix(": area under the curve")
        for one in figures
        if one.name.endswith("/auc") and not one.low > 0.5
    ]
    return [f"No better than chance on held-out cases: {'; '.join(names)}."] if names else []


def sample(given: Sequence[Given], pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    """Some single answers, spread over the cases, by which weights and card can be compared."""
    chosen = [one for one in given if one.probabilities]
    step = max(1, len(chosen) // SAMPLE)
    return [
        {
            "source": pictures[one.case.picture].source,
            "picture": pictures[one.case.picture].name,
            "question": one.case.text,
            "candidates": list(one.case.candidates),
            "probabilities": [round(share, 4) for share in one.probabilities],
        }
        for one in chosen[::step][:SAMPLE]
        if len(one.case.candidates) == 2
    ]


def write_card(folder: Path, card: Mapping[str, Any]) -> None:
    """Put the card beside the weights."""
    with write_safely(folder / CARD) as file:
        file.write((json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))
