"""The gate lets upright frontal chest films through and says why others are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from dicom_io.image.frame import open_frames
from dicom_io.image.render import render, windows_of
from model_backend.gate.features import COUNT, features_of, shrunk
from model_backend.gate.fit import Pictures, fit_gate
from model_backend.gate.gate import chest_gate, write_gate
from model_backend.request import BadCheckpoint


@pytest.fixture(scope="module")
def film() -> np.ndarray:
    """A chest film of pydicom's samples, of which nothing was fitted."""
    (frame,) = open_frames(Path(str(get_testdata_file("RG1_UNCR.dcm"))))
    stored = frame.stored()
    return render(frame, stored, windows_of(frame, stored)[0])


def test_chest_film_passes_at_any_size(film: np.ndarray) -> None:
    small = shrunk(film.astype(np.float32), 64).astype(np.uint8)

    assert chest_gate().judge(film).is_chest_film
    assert chest_gate().judge(small).is_chest_film
    assert chest_gate().judge(np.repeat(film[..., None], 3, axis=2)).is_chest_film


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda film: 255 - film, "exchanged"),
        (lambda film: np.rot90(film), "on its side"),
        (lambda film: np.rot90(film, 3), "on its side"),
        (lambda film: np.rot90(film, 2), "upside down"),
        (lambda film: film[::-1], "upside down"),
    ],
)
def test_film_that_is_turned_or_inverted_is_refused_with_the_reason(
    film: np.ndarray, change: object, told: str
) -> None:
    assert callable(change)

    assert told in chest_gate().judge(change(film)).reason


def test_leg_slice_noise_and_grey_are_refused() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (300, 260)).astype(np.uint8)
    others = [noise, np.full((200, 200), 90, np.uint8), np.zeros((1, 1), np.uint8)]
    for name in ("RG3_UNCR.dcm", "CT_small.dcm", "MR_small.dcm"):
        frame = open_frames(Path(str(get_testdata_file(name))))[0]
        stored = frame.stored()
        others.append(render(frame, stored, windows_of(frame, stored)[0]))

    assert not any(chest_gate().judge(one).is_chest_film for one in others)


def test_picture_in_colour_is_refused_whatever_it_shows(film: np.ndarray) -> None:
    red = np.stack([film, film // 2, film // 3], axis=2)

    assert chest_gate().judge(red).reason == "it is in colour"


def test_features_are_numbers_for_any_picture() -> None:
    for shape in ((1, 1), (3, 500), (2000, 7), (48, 48, 3)):
        features = features_of(np.full(shape, 200, np.uint8))
        assert features.shape == (COUNT,)
        assert np.isfinite(features).all()


def test_gate_is_fitted_written_and_read_again(film: np.ndarray, tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    leg = np.tile(draw.integers(0, 256, (1, 40)), (60, 1)).astype(np.uint8)
    small = shrunk(film.astype(np.float32), 96).astype(np.uint8)
    gate = fit_gate(Pictures([small] * 30, [small], [leg] * 10, made=60))
    path = tmp_path / "gate.npz"

    write_gate(gate, path)
    read = chest_gate(path)

    assert read.judge(small).is_chest_film
    assert not read.judge(leg).is_chest_film
    assert read.judge(small).score == pytest.approx(gate.judge(small).score, abs=0.02)


def test_damaged_gate_is_told(tmp_path: Path) -> None:
    path = tmp_path / "gate.npz"
    path.write_bytes(b"nothing")

    with pytest.raises(BadCheckpoint, match=r"gate\.npz"):
        chest_gate(path)
