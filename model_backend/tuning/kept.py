"""The checkpoint of a run: whole or not there, and only of this recipe and these data."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from model_backend.training.problems import TrainingProblem
from model_backend.training.saving import write_safely

VERSION = 1


def save(path: Path, state: dict[str, Any]) -> None:
    """Put the state in the place of the older one, which stays whole when that fails.

    Raises TrainingProblem, for a full disk too.
    """
    try:
        with write_safely(path) as file:
            torch.save({"version": VERSION, **state}, file)
    except RuntimeError as error:  # what torch makes of a write that the disk refused
        path.with_name(path.name + ".part").unlink(missing_ok=True)
        raise TrainingProblem(
            f"The file {path} could not be written: {str(error).splitlines()[0]}. The checkpoint "
            "before it is whole."
        ) from error


def load(
    path: Path, recipe: str, data: dict[str, str], processes: int = 1
) -> dict[str, Any] | None:
    """The state, or None where there is none. Raises TrainingProblem for one that does not fit."""
    if not path.is_file():
        return None
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("no archive")
        state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    except (OSError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise TrainingProblem(
            f"The checkpoint {path} cannot be read; remove it to start anew."
        ) from error
    if state.get("version") != VERSION:
        raise TrainingProblem(f"The checkpoint {path} is of another Wetread; start anew elsewhere.")
    if state["recipe"] != recipe:
        raise TrainingProblem(
            f"The checkpoint {path} was made with another recipe; choose another folder with --out."
        )
    if state["data"] != data:
        changed = sorted(name for name in data if state["data"].get(name) != data[name])
        raise TrainingProblem(
            f"The checkpoint {path} was made with other data ({', '.join(changed)}); choose "
            "another folder with --out."
        )
    if state.get("processes", 1) != processes:  # which decides what each update learns from
        raise TrainingProblem(
            f"The checkpoint {path} was made by {state['processes']} process(es); go on with as "
            f"many, not with {processes}."
        )
    return state
