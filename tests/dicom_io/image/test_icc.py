"""Colour profiles with answers known beforehand: exchanged primaries exchange colours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from pydicom.dataset import Dataset

from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.icc import changes_colours, to_srgb
from dicom_io.image.render import Renderer, notices_of, render

MakeFrames = Callable[..., tuple[ImageFrame, ...]]

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# The same primaries, under each other's names: what such a file calls red is shown blue.
EXCHANGED = SRGB.replace(b"rXYZ", b"----").replace(b"bXYZ", b"rXYZ").replace(b"----", b"bXYZ")
COLOURS = np.random.default_rng(4).integers(0, 256, (600, 5, 3)).astype(np.uint8)


def test_a_profile_is_applied_before_the_picture_is_shown(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(COLOURS, ICCProfile=EXCHANGED)
    stored = frame.stored()

    picture = render(frame, stored)

    assert np.array_equal(stored, COLOURS)
    assert np.abs(picture.astype(int) - COLOURS[..., ::-1]).max() <= 2
    assert notices_of(frame) == ()


def test_inverting_comes_after_the_profile(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(COLOURS, ICCProfile=EXCHANGED)

    plain, inverted = (render(frame, COLOURS, invert=invert) for invert in (False, True))

    assert np.array_equal(inverted, 255 - plain)


def test_a_profile_of_srgb_changes_no_value(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(COLOURS, ICCProfile=SRGB)

    assert not changes_colours(frame)
    assert to_srgb(frame, COLOURS) is COLOURS


def test_the_profile_of_an_optical_path_is_used(make_frames: MakeFrames) -> None:
    path = Dataset()
    path.ICCProfile = EXCHANGED
    (frame,) = make_frames(COLOURS, OpticalPathSequence=[path])

    assert np.abs(render(frame, COLOURS).astype(int) - COLOURS[..., ::-1]).max() <= 2


@pytest.mark.parametrize(
    ("profile", "word"),
    [
        (b"no profile at all" * 20, "damaged"),
        (EXCHANGED[:200], "damaged"),
        (ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(), "for Lab"),
        (EXCHANGED + b"\0" * 5_000_000, "too large"),
    ],
)
def test_a_profile_that_is_broken_is_named_and_ignored(
    make_frames: MakeFrames, profile: bytes, word: str
) -> None:
    (frame,) = make_frames(COLOURS, ICCProfile=profile + b"\0" * (len(profile) % 2))

    picture = render(frame, frame.stored())

    assert np.array_equal(picture, COLOURS)
    (notice,) = notices_of(frame)
    assert word in notice and "stored" in notice


def test_colours_that_went_through_the_profile_do_not_go_twice(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(COLOURS, ICCProfile=EXCHANGED)
    shown = to_srgb(frame, frame.stored())

    assert np.array_equal(Renderer(frame, shown, is_srgb=True)(), render(frame, frame.stored()))
    assert not np.array_equal(Renderer(frame, shown)(), shown)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_photograph_s_own_profile_is_used(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "skin.png"
    Image.fromarray(COLOURS).convert(mode).save(path, icc_profile=EXCHANGED)

    (frame,) = open_frames(path)
    picture = render(frame, frame.stored())

    assert np.abs(picture.astype(int) - COLOURS[..., ::-1]).max() <= 2


def test_a_palette_s_colours_go_through_the_profile(make_frames: MakeFrames) -> None:
    tables = {
        f"{colour}PaletteColorLookupTable{part}": value
        for colour, level in (("Red", 200), ("Green", 40), ("Blue", 90))
        for part, value in (("Descriptor", [2, 0, 8]), ("Data", bytes([0, level])))
    }
    (frame,) = make_frames(
        np.ones((2, 2), np.uint8),
        PhotometricInterpretation="PALETTE COLOR",
        ICCProfile=EXCHANGED,
        **tables,
    )

    picture = render(frame, frame.stored())

    assert np.abs(picture.astype(int) - (90, 40, 200)).max() <= 2


def test_grey_needs_no_profile(make_frames: MakeFrames) -> None:
    (frame,) = make_frames(np.zeros((4, 4), np.uint8), ICCProfile=EXCHANGED)

    assert not changes_colours(frame)
    assert notices_of(frame) == ()
