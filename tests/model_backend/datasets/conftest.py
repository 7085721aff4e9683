"""An empty set for each test to fill."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dataset_miniature import Miniature


@pytest.fixture
def miniature(tmp_path: Path) -> Miniature:
    """An empty set."""
    return Miniature(tmp_path)
