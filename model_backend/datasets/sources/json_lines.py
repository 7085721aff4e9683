"""Our own form for a site's rows: a JSON object a line, pictures as files beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from model_backend.datasets.draft import Draft, Fault, Found, Origin, Source
from model_backend.datasets.files import inside, json_rows, word
from model_backend.datasets.parting import official_part
from model_backend.datasets.picture import file_of
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.row import LabelledBox, Row
from model_backend.datasets.sources.tables import CODES, draft_of
from model_backend.evaluation.labelled import BadRow
from model_backend.evaluation.rows import json_case
from model_backend.request import DETECTION, INFILL_IMAGE, INFILL_TEXT

_BOX = ("x0", "y0", "x1", "y1")


def read(origin: Origin) -> Iterator[Found]:
    """Its rows. A row with `boxes` is detection, one with `codes` the middle of an image; for that
    task the codes may be missing, and for `infill_text` the answer."""
    file = origin.path
    if file.is_dir():
        found = sorted(file.glob("*.jsonl"))
        if len(found) != 1:
            raise DatasetProblem(f"The folder {file} has {len(found)} .jsonl files; name one.")
        file = found[0]
    images = file.parent / "images"
    folder = images if images.is_dir() else file.parent
    for number, (place, row) in enumerate(json_rows(file), 1):
        try:
            yield _draft(row, number, folder, place)
        except BadRow as bad:
            yield Fault(place, str(bad))


def _draft(row: dict[str, Any], number: int, folder: Path, place: str) -> Draft:
    part = official_part(word(row.get("split")))
    name = word(row.get("id")) or f"{number}"
    told = {key: word(value) for key, value in _mapping(row, "attributes").items()}
    if "boxes" not in row and "codes" not in row and row.get("task") != INFILL_IMAGE:
        if row.get("task") == INFILL_TEXT:
            row = {**row, "answer": row.get("answer", row.get("text", ""))}  # the text itself
        case = json_case(row, number, folder, "")
        return draft_of(case, name, official=part, place=place, attributes=told)
    image = word(row.get("image"))
    if not image:
        raise BadRow('it names no "image"')
    given = Row(
        name,
        DETECTION if "boxes" in row else INFILL_IMAGE,
        "",
        word(row.get("patient")) or image,
        boxes=_boxes(row.get("boxes", [])),
        codes=_codes(row.get("codes", [])),
        attributes=told,
    )
    return Draft(given, (file_of(inside(folder, image)),), part, place)


def _mapping(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = row.get(name, {})
    if not isinstance(value, dict):
        raise BadRow(f'its "{name}" is no object')
    return value


def _boxes(value: Any) -> tuple[LabelledBox, ...]:
    if not isinstance(value, list):
        raise BadRow('its "boxes" are no list')
    return tuple(_box(one) for one in value)


def _box(value: Any) -> LabelledBox:
    given: list[Any] = [value.get(side) for side in _BOX] if isinstance(value, dict) else []
    sides = [float(one) for one in given if type(one) in (int, float) and math.isfinite(one)]
    if len(sides) != 4:
        raise BadRow("one of its boxes is not x0, y0, x1, y1 in pixels")
    x0, y0, x1, y1 = sides
    label = word(value.get("label"))
    if not label or not (x0 < x1 and y0 < y1):
        raise BadRow("one of its boxes is empty" if label else "one of its boxes has no label")
    return LabelledBox(x0, y0, x1, y1, label)


def _codes(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(
        type(one) is int and 0 <= one < CODES for one in value
    ):
        raise BadRow(f'its "codes" are no list of numbers from 0 to {CODES - 1}')
    return tuple(value)


SOURCE = Source(
    "jsonl",
    "JSON lines of a site's own",
    "of the site",
    "a .jsonl file (or the folder with it), pictures in images/ or beside it: image, question, "
    "answer, candidates, patient, split, task, boxes, codes, attributes",
    "docs/datasets.md and docs/checking.md of this project",
    "patient, else image",
    read,
)
