"""What is known of an imported model, for its card and for the list; no torch."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import asdict
from typing import Any

from model_backend.evaluation.card_text import acceptance_text
from model_backend.evaluation.published import Published, dataset_of, kind_of, published_for
from model_backend.folder import ModelFolder

_LONGEST_HEADER = 100 * 2**20  # of a safetensors file, as its format limits it
_NAMES = {"F16": "fp16", "BF16": "bf16", "F32": "fp32", "F64": "fp64"}


def precision_on_disk(folder: ModelFolder) -> str:
    """In which numbers most weights are stored: fp16, bf16, fp32; "" when the file does not say."""
    if not folder.weights:
        return ""
    counts: Counter[str] = Counter()
    try:
        with folder.weights_path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header: Any = json.loads(file.read(length)) if length <= _LONGEST_HEADER else {}
        for name, entry in header.items():
            if name != "__metadata__":
                counts[entry["dtype"]] += math.prod(entry["shape"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""
    return _NAMES.get(counts.most_common(1)[0][0], "") if counts else ""


def reported_of(folder: ModelFolder) -> tuple[Published, ...]:
    """What the authors report of the model that this one's name or origin says it is."""
    dataset = dataset_of(folder.name, folder.origin)
    kind = kind_of(folder, dataset)
    if not (dataset and kind):
        return ()
    found = [
        one for task in folder.tasks for one in published_for(dataset, folder.size, task, kind)
    ]
    return tuple(one for place, one in enumerate(found) if one not in found[:place])


def known_facts(folder: ModelFolder) -> dict[str, Any]:
    """The facts of `known_lines` for a program."""
    return {
        "name": folder.name,
        "version": folder.model_version,
        "size": folder.size,
        "precision": precision_on_disk(folder),
        "tasks": list(folder.tasks),
        "answers": len(folder.answers),
        "origin": folder.origin,
        "sha256": folder.sha256,
        "sources": list(folder.sources),
        "licence": folder.licence,
        "acknowledged": folder.acknowledged,
        "use": folder.use,
        "reported": [asdict(one) for one in reported_of(folder)],
        "acceptance": [dict(one) for one in folder.acceptance],
    }


def known_lines(folder: ModelFolder) -> list[str]:
    """A few lines for a person."""
    picture = folder.preprocess
    kept = ", ".join(one for one in (folder.size, precision_on_disk(folder)) if one)
    count = f"a closed list of {len(folder.answers)}" if folder.answers else ""
    told = {
        "size": f"{kept} on disk" if kept else "",
        "tasks": ", ".join(folder.tasks),
        "picture": f"{picture.size} x {picture.size} pixels" if picture else "",
        "answers": count,
        "origin": folder.origin,
        "sources": "\n              ".join(folder.sources),
        "weights": f"sha256:{folder.sha256}" if folder.weights else "",
        "use": folder.use,
        "licence": folder.licence,
        "acknowledged": folder.acknowledged,
    }
    return [
        f"{folder.name}  {folder.model_version}",
        *(f"{name:<13} {value}" for name, value in told.items() if value),
        *(line for one in reported_of(folder) for line in _reported(one)),
        *_acceptance(folder),
    ]


def _reported(one: Published) -> list[str]:
    figures = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in one.values.items())
    lines = [f"reported      {one.dataset}: {figures} per cent ({one.kind}; read in {one.by})"]
    return [*lines, f"              in doubt: {one.doubt}"] if one.doubt else lines


def _acceptance(folder: ModelFolder) -> list[str]:
    if folder.acceptance:
        return acceptance_text(folder.acceptance)
    return [
        f"measured      never: wetread model check {folder.name} LABELLED compares it with what "
        "its authors report"
    ]
