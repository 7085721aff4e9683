"""The pace of clips: stored rates, vectors of times, and which frame is due when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian

from dicom_io.image.cine import USUAL, Timeline, faster, pace_of
from dicom_io.image.frame import ImageFrame, frames_of_dataset


def clip(count: int = 4, **header: Any) -> tuple[ImageFrame, ...]:
    """A clip of 4 x 4 pixels."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPInstanceUID, dataset.Modality = "1.2.3", "US"
    dataset.Rows = dataset.Columns = 4
    dataset.NumberOfFrames, dataset.SamplesPerPixel = count, 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    for keyword, value in header.items():
        setattr(dataset, keyword, value)
    dataset.PixelData = np.zeros((count, 4, 4), np.uint8).tobytes()
    return frames_of_dataset(dataset, Path("clip.dcm"))


@pytest.mark.parametrize(
    ("header", "rate", "source"),
    [
        ({"RecommendedDisplayFrameRate": 24, "CineRate": 30}, 24, "RecommendedDisplayFrameRate"),
        ({"CineRate": 30, "FrameTime": 100}, 30, "CineRate"),
        ({"FrameTime": 40}, 25, "FrameTime"),
        ({}, USUAL, "usual"),
        ({"CineRate": 0, "FrameTime": 0}, USUAL, "usual"),
        ({"FrameTime": -20}, USUAL, "usual"),
        ({"FrameTimeVector": [0, 50]}, USUAL, "usual"),  # of another number of frames
        ({"FrameTimeVector": [0, 50, -1, 50]}, USUAL, "usual"),
    ],
)
def test_the_stored_rate_is_used_and_a_wrong_one_is_not(
    header: dict[str, Any], rate: float, source: str
) -> None:
    pace = pace_of(clip(**header))

    assert pace.rate == pytest.approx(rate)
    assert pace.source == source


def test_a_vector_of_times_gives_each_frame_its_own() -> None:
    pointer = {"FrameIncrementPointer": Tag("FrameTimeVector"), "FrameTime": 10}

    pace = pace_of(clip(FrameTimeVector=[0, 20, 60, 40], **pointer))

    assert pace.durations == pytest.approx((0.020, 0.060, 0.040, 0.040))
    assert pace.source == "FrameTimeVector"


def test_single_images_are_played_at_the_usual_pace() -> None:
    one, other = clip(1), clip(1, SOPInstanceUID="1.2.4")

    assert pace_of([*one, *other]).rate == pytest.approx(USUAL)
    with pytest.raises(ValueError, match="no frame"):
        pace_of([])


def test_round_and_round_every_frame_is_due_at_its_own_moment() -> None:
    line = Timeline((0.020, 0.060, 0.040, 0.040))

    moments = (0.0, 0.019, 0.021, 0.079, 0.081, 0.121, 0.159, 0.161, 0.181)
    assert [line.frame_of(line.step_at(one)) for one in moments] == [0, 0, 1, 1, 2, 3, 3, 0, 1]
    assert line.step_at(10 * 0.160 + 0.021) == 41
    assert line.moment_of(3) == pytest.approx(0.120)


def test_to_and_fro_the_ends_are_shown_once() -> None:
    line = Timeline((1.0,) * 4, sweeps=True)

    assert [line.frame_of(line.step_at(second + 0.5)) for second in range(8)] == [
        0, 1, 2, 3, 2, 1, 0, 1,
    ]  # fmt: skip
    assert Timeline((1.0, 1.0), sweeps=True).order == (0, 1)


def test_a_speed_beyond_any_screen_is_not_offered() -> None:
    pace = pace_of(clip(CineRate=100))

    assert faster(pace, 1.5).rate == pytest.approx(150)
    assert faster(pace, 50).rate == pytest.approx(200)
    assert faster(pace, 1e-9).rate == pytest.approx(0.1)


def test_the_way_that_the_file_prefers_is_taken() -> None:
    assert pace_of(clip(PreferredPlaybackSequencing=1)).sweeps
    assert not pace_of(clip(PreferredPlaybackSequencing=0)).sweeps
