"""On screens with more device pixels than logical ones the same promises hold."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROMISES = (
    "test_viewport.py::test_what_is_painted_at_one_to_one_is_the_rendered_picture",
    "test_mouse.py::test_a_box_is_told_in_stored_pixels_under_zoom_and_pan",
    "test_mouse.py::test_a_right_drag_zooms_about_the_point_it_began_at",
)


@pytest.mark.parametrize("factor", ["1.5"])
def test_pixels_and_boxes_are_true_on_a_finer_screen(root: Path, factor: str) -> None:
    here = Path(__file__).parent
    names = [str(here / promise) for promise in PROMISES]

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *names],
        cwd=root,
        env={**os.environ, "QT_SCALE_FACTOR": factor},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout[-3000:]
    assert "5 passed" in ran.stdout
