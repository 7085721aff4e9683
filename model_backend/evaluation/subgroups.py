"""The same figure for each sex, band of age and view, with a warning where few are left; no torch.

A difference between two groups of one set may come from what else differs between them; the table
shows where to look, not why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_backend.evaluation.asked import Said
from model_backend.evaluation.captions import cleaned, rouge_l
from model_backend.evaluation.classified import auc_measure
from model_backend.evaluation.measured import TEXT_TASKS, figure, sides_of, yes_no
from model_backend.evaluation.rouge import fix_tokenization, rouge
from model_backend.evaluation.scores import found, weight_of
from model_backend.request import GROUNDING, SUMMARY

Places = NDArray[np.int64]
FEW_CASES, FEW_GROUPS = 30, 10  # below either a figure carries a warning
MOST = 12  # values of an attribute that is no sex, age or view
BANDS = ((0, 1), (1, 6), (6, 18), (18, 40), (40, 60), (60, 80), (80, 200))  # years, end excluded
SEXES = {
    "m": "male",
    "male": "male",
    "f": "female",
    "female": "female",
    "o": "other",
    "w": "female",
}
UNKNOWN = "not stated"
BY = ("sex", "age", "view", "modality", "organ", "image_organ", "body part", "kind", "set")


def value_of(name: str, written: str) -> str:
    """An attribute's value as a group: a sex, a band of years, or the word as it is written."""
    text = " ".join(written.split())
    if name == "sex":
        return SEXES.get(text.lower(), UNKNOWN)
    if name == "age":
        return band_of(text)
    return (text.upper() if name == "view" else text) or UNKNOWN


def band_of(written: str) -> str:
    """The band of an age such as "45", "045Y", "7 months" or "3W"."""
    match = re.fullmatch(r"0*(\d+(?:\.\d+)?)\s*([a-z]*)", written.strip().lower())
    if not match:
        return UNKNOWN
    unit = (match[2] or "y")[0]
    parts = {"y": 1.0, "m": 12.0, "w": 52.0, "d": 365.0}
    if unit not in parts:
        return UNKNOWN
    years = float(match[1]) / parts[unit]
    for first, end in BANDS:
        if first <= years < end:
            return f"{first} to {end - 1}" if end - first > 1 and end < 200 else _edge(first, end)
    return UNKNOWN


def _edge(first: int, end: int) -> str:
    return "under 1" if end == 1 else f"{first} and over"


def subgroups(said: Sequence[Said], repeats: int = 1000) -> list[dict[str, Any]]:
    """One row a group of each attribute that splits the cases; the smallest groups too."""
    rows = []
    for name in BY:
        groups: dict[str, list[Said]] = {}
        for one in said:
            groups.setdefault(value_of(name, one.case.attributes.get(name, "")), []).append(one)
        if len(groups) < 2 or (len(groups) > MOST and name not in ("age", "view")):
            continue
        for value in sorted(groups, key=lambda text: (text == UNKNOWN, _order(name, text))):
            rows.append(_row(name, value, groups[value], repeats))
    return rows


def _order(name: str, value: str) -> tuple[float, str]:
    if name != "age" or value == UNKNOWN:
        return 0.0, value
    number = re.search(r"\d+", value)
    years = float(number[0]) if number else 0.0
    return (-1.0 if value.startswith("under") else years), value


def _row(by: str, value: str, said: Sequence[Said], repeats: int) -> dict[str, Any]:
    name, measure = main_measure(said)
    score = figure(name, measure, said, repeats)
    groups = len({one.case.group for one in said})
    row = {
        "by": by,
        "value_of": value,
        **{key: part for key, part in score.as_json().items() if key != "floor"},
        "groups": groups,
        "is_small": len(said) < FEW_CASES or groups < FEW_GROUPS,
    }
    sided = yes_no(said)
    if sided:
        positive, shares = sides_of(sided)
        if 0 < positive.sum() < len(positive):
            row["auc"] = figure("auc", auc_measure(positive, shares), sided, repeats).as_json()
    return row


def main_measure(said: Sequence[Said]) -> tuple[str, Callable[[Places], float]]:
    """The figure by which groups are compared: right answers, ROUGE-L, or places found."""
    task = said[0].case.task
    if task == SUMMARY:
        values = [
            rouge(fix_tokenization(one.answer.text.lower()), one.case.answer.lower())["rouge_l"]
            for one in said
        ]
        name = "rouge_l"
    elif task in TEXT_TASKS:
        values = [
            rouge_l(cleaned(one.answer.text), [cleaned(text) for text in one.case.references])
            for one in said
        ]
        name = "rouge_l"
    elif task == GROUNDING:
        values, name = [float(found(one)) for one in said], "found"
    else:
        values, name = [weight_of(one) for one in said], "overall"
    numbers = 100.0 * np.array(values)
    return name, lambda places: float(numbers[places].mean())
