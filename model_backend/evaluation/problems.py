"""What is missing for a measurement; no torch."""

from __future__ import annotations

import importlib
from typing import Any

from model_backend.evaluation.labelled import LabelledProblem


def needed(module: str, package: str) -> Any:
    """A library that measuring needs. Raises LabelledProblem when it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise LabelledProblem(
            f"Measuring needs {package}, which is not installed here. Install it with: "
            'pip install "wetread[evaluate]"'
        ) from error
