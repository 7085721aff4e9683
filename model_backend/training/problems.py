"""What can be wrong with a recipe, with the data or with a checkpoint on disk."""

from __future__ import annotations

from model_backend.request import ModelError


class TrainingProblem(ModelError):
    """A recipe, a data folder or a saved state that training or evaluation cannot use."""
