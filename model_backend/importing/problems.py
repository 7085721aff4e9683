"""What can be wrong with an import besides the checkpoint itself.

ModelError
└── ImportProblem      the source, its licence, its name or the disk; nothing was imported
    └── FetchProblem   the hub could not be reached, refused, or broke off
"""

from __future__ import annotations

from model_backend.request import ModelError


class ImportProblem(ModelError):
    """A source that cannot be imported as it was named."""


class FetchProblem(ImportProblem):
    """A hub that could not be reached, refused, or broke off."""
