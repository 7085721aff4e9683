"""The wheel holds the four packages with the embedded model, and runs where it is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built without the network."""
    root = Path(__file__).resolve().parents[2]
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"),
            *("--no-build-isolation", "--wheel-dir", str(folder), str(root)),
        ],
        check=True,
        timeout=120,
    )
    return next(folder.glob("wetread-*.whl"))


def test_the_wheel_has_four_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        *("dicom_io", "model_backend", "ui", "plugin")
    }
    assert "model_backend/demo/model.json" in names
    assert "model_backend/demo/weights.safetensors" in names
    assert "model_backend/practice/model/model.json" in names
    assert "model_backend/practice/model/weights.safetensors" in names
    assert "model_backend/recipes/demo.toml" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_embedded_model_is_small_enough_to_ship(wheel: Path) -> None:
    weights = zipfile.ZipFile(wheel).getinfo("model_backend/demo/weights.safetensors")

    assert weights.file_size <= 40e6


def test_an_installed_wheel_answers_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    place, film = tmp_path / "site", tmp_path / "film.png"
    zipfile.ZipFile(wheel).extractall(place)
    environment = {**os.environ, "PYTHONPATH": str(place), "WETREAD_HOME": str(tmp_path / "home")}
    run = [sys.executable, "-m", "plugin"]
    script = "from dicom_io.pacs.samples import chest_film; print(chest_film())"
    chest = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()

    subprocess.run(
        [*run, "render", chest, "--out", str(film)], cwd=tmp_path, env=environment, check=True
    )
    asked = subprocess.run(
        [*run, "ask", chest, "is there pneumonia?", "--json"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert film.stat().st_size > 0
    assert asked.returncode == 0, asked.stderr
    answer = json.loads(asked.stdout)
    assert set(answer["probabilities"]) == {"yes", "no"}
    assert answer["model"]["name"] == "wetread-demo"
