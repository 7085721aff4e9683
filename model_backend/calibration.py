"""From log-probabilities of answers to honest probabilities; plain arithmetic, no torch.

`model.json` carries, under `calibration`, what was fitted on the validation part:

    {"choice": {"temperature": 1.3, "shift": 0.0},
     "questions": {"is there pneumonia?": {"temperature": 1.1, "shift": -0.4}}}

`questions` holds questions that were fitted alone, cleaned as the network reads them; `choice` is
for every other closed question. A shift is added to the log-odds of "yes" where yes and no are the
candidates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

YES_NO = {"yes", "no"}


def is_calibrated(calibration: Mapping[str, Any], question: str) -> bool:
    """Whether anything was fitted for this question or for closed questions at large."""
    return question in calibration.get("questions", {}) or "choice" in calibration


def probabilities(
    calibration: Mapping[str, Any],
    question: str,
    candidates: Sequence[str],
    scores: Sequence[float],
) -> tuple[float, ...]:
    """One probability a candidate, summing to one.

    `scores` are summed log-probabilities (spec §9.6), `question` is cleaned and ends with "?".
    """
    fitted = calibration.get("questions", {}).get(question) or calibration.get("choice") or {}
    temperature = float(fitted.get("temperature", 1.0))
    logits = [score / temperature for score in scores]
    if {candidate.strip().lower() for candidate in candidates} == YES_NO:
        shift = float(fitted.get("shift", 0.0))
        logits = [
            logit + (shift if candidate.strip().lower() == "yes" else 0.0)
            for logit, candidate in zip(logits, candidates, strict=True)
        ]
    highest = max(logits, default=0.0)
    if not math.isfinite(highest):
        return tuple(1 / len(logits) for _ in logits)
    shares = [math.exp(logit - highest) for logit in logits]
    total = sum(shares)
    return tuple(share / total for share in shares)
