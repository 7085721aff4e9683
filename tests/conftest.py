"""Set-up shared by all tests: no screen, the data beside the project, and state given back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ["QT_QPA_PLATFORM"] = os.environ.get("QT_QPA_PLATFORM") or "offscreen"

# Real PACS programs, a real chat server, CI's rule about skips.
pytest_plugins = ["tests.servers", "tests.chat_server", "tests.chat_asked", "tests.skips"]

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the project; the test is skipped when it is missing."""
    folder = Path(os.environ.get("WETREAD_SHARED") or ROOT.parent / "shared")
    if not folder.is_dir():
        pytest.skip("the shared folder is missing")
    return folder


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has its own data root, so that no test reads or writes a person's files."""
    home = tmp_path / "wetread-home"
    monkeypatch.setenv("WETREAD_HOME", str(home))
    return home
