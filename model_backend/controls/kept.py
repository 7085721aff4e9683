"""The fitted margins beside a model's weights, `controls.json`; no torch, no DICOM."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from model_backend.controls.margin import Margin
from model_backend.request import BadCheckpoint, ModelError

CONTROLS = "controls.json"
VERSION = 1
_FIELDS = tuple(one.name for one in fields(Margin))


def read_margins(folder: Path, sha256: str) -> dict[str, Margin]:
    """The margins of the model in that folder, by question; "" is for every other question.

    None ({}) where none were fitted, or where they were fitted for other weights than those of
    `sha256`. Raises BadCheckpoint when the file is damaged.
    """
    path = folder / CONTROLS
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != VERSION or content["sha256"] != sha256:
            return {}
        margins = {str(name): _margin(table) for name, table in content["margins"].items()}
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise BadCheckpoint(
            f"{path} is damaged. Fit the margins again with: wetread model controls", "controls"
        ) from error
    if "" not in margins:
        raise BadCheckpoint(f"{path} has no margin for all questions.", "controls")
    return margins


def write_margins(
    folder: Path, sha256: str, margins: Mapping[str, Margin], facts: Mapping[str, Any]
) -> None:
    """Put the margins in place of those before, whole or not at all. Raises ModelError.

    `facts` say where they come from and are not read again.
    """
    tables = {name: one.as_json() for name, one in margins.items()}
    content = {"version": VERSION, "sha256": sha256, **facts, "margins": tables}
    part = folder / f".{CONTROLS}.part"
    try:
        with part.open("w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=1, allow_nan=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / CONTROLS)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ModelError(
            f"{folder / CONTROLS} could not be written ({error.strerror}). Nothing was changed."
        ) from error


def _margin(table: Mapping[str, Any]) -> Margin:
    margin = Margin(**{name: table[name] for name in _FIELDS})
    if isinstance(margin.value, bool) or not math.isfinite(margin.value) or margin.value < 0:
        raise ValueError("a margin is a number from 0 on")
    return margin
