"""The rule about skipped tests holds: a run of pytest inside pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPING = """
import pytest

@pytest.mark.skip(reason={reason!r})
def test_one():
    raise AssertionError

def test_two():
    assert True
"""


@pytest.mark.parametrize(
    ("reason", "ci", "passes"),
    [
        ("no reason that counts", "true", False),
        ("no reason that counts", "", True),
        ("the shared folder is missing", "true", True),
        ("there is no GPU here", "true", True),
    ],
)
def test_a_skip_fails_under_ci_unless_the_machine_cannot_help(
    tmp_path: Path, root: Path, reason: str, ci: str, passes: bool
) -> None:
    (tmp_path / "test_inner.py").write_text(SKIPPING.format(reason=reason), encoding="utf-8")

    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "tests.skips",
            "-c",
            os.devnull,
            str(tmp_path),
        ],
        cwd=root,
        env={**os.environ, "CI": ci},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode == 0) is passes, done.stdout
