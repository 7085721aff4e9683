"""Puts what was measured into `model.json` and leaves everything else there as it was; no torch."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model_backend.folder import FILE, ModelFolder
from model_backend.request import ModelError


def append_acceptance(path: Path, entries: list[dict[str, Any]]) -> None:
    """Add results of an acceptance run, after those that are there. Raises ModelError."""
    content = _content(path)
    content["acceptance"] = [*content.get("acceptance", []), *entries]
    _write(path, content)


def put_calibration(path: Path, calibration: Mapping[str, Any]) -> None:
    """Put the calibration in place of the one before. Raises ModelError."""
    content = _content(path)
    content["calibration"] = dict(calibration)
    _write(path, content)


def _content(path: Path) -> dict[str, Any]:
    ModelFolder.read(path)  # is it a model at all, and one of a version that we know
    content: dict[str, Any] = json.loads((path / FILE).read_text(encoding="utf-8"))
    return content


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Whole or not at all: written beside, synced, then renamed."""
    body = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    part = path / f".{FILE}.part"
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path / FILE)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ModelError(
            f"{path / FILE} could not be written ({error.strerror}). Nothing was changed; give "
            "--no-write to see the result only."
        ) from error
    ModelFolder.read(path)
