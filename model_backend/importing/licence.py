"""What whoever imports a model has to acknowledge."""

from __future__ import annotations

from datetime import UTC, datetime

from model_backend.importing.problems import ImportProblem

# The authors' own note (spec 13, item 19), in our words.
LICENCE = (
    "The authors of BiomedGPT give its weights for academic research alone: no commercial use, no "
    "clinical use. Weights that were trained from them are bound by the same. Terms that whoever "
    "made or hosts this checkpoint adds hold as well."
)
USE = "research only"
LONGEST_NAME = 120


def acknowledgement(name: str) -> str:
    """What model.json keeps: who acknowledged the licence, and when. Raises ImportProblem."""
    name = " ".join(name.split())
    if not name or not name.isprintable() or len(name) > LONGEST_NAME:
        raise ImportProblem(
            'Nothing was imported: the licence is to be acknowledged with --acknowledge "YOUR '
            f'NAME". It says: {LICENCE}'
        )
    return f"{name}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
