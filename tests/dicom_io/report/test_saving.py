"""What a reader left on a study becomes objects that give the same picture and marks again."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from dicom_io.errors import ReportProblem
from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind
from dicom_io.image.applying import greys_of
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.gsps import read_state
from dicom_io.image.kept import Kept
from dicom_io.image.presentation import Orientation, Presentation
from dicom_io.image.render import render
from dicom_io.image.window import Window
from dicom_io.report.presentation_state import encoded
from dicom_io.report.saving import Saving, key_objects_of, states_of
from tests.reports import SOFTWARE

Make = Callable[..., ImageFrame]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A grey 8 x 8 image of 16 bits, as a file."""

    def make(instance: int, **attributes: Any) -> ImageFrame:
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.128"
        dataset.SOPInstanceUID = f"2.25.30{instance}"
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "2.25.1", "2.25.2"
        dataset.PatientID, dataset.PatientName, dataset.Modality = "P1", "Test^Ramp", "PT"
        dataset.Rows = dataset.Columns = 8
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit, dataset.PixelRepresentation = 15, 0
        values = np.arange(64, dtype="<u2").reshape(8, 8) * 100
        dataset.PixelData = values.tobytes()
        dataset["PixelData"].VR = "OW"
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
        path = tmp_path / f"{instance}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        return open_frames(path)[0]

    return make


def read(state: Dataset):  # type: ignore[no-untyped-def]  # PresentationState
    return read_state(pydicom.dcmread(BytesIO(encoded(state))))


def picture(found: Any, frame: ImageFrame) -> Any:
    greys = greys_of(found.of_frame(frame.identity), frame)
    return render(frame, frame.stored(), greys.window, shape=greys.shape)


def of(frame: ImageFrame, **more: Any) -> Kept:
    return Kept(frame.identity.of_study(), **more)


def test_images_of_several_rescales_keep_their_windows(make: Make) -> None:
    """PET: each slice has a slope of its own."""
    one = make(1, RescaleSlope=0.5, RescaleIntercept=0, WindowCenter=1000, WindowWidth=2000)
    two = make(2, RescaleSlope=2.0, RescaleIntercept=3, WindowCenter=4000, WindowWidth=8000)
    frames = (one, two)

    (state,) = states_of(Saving(of(one), frames, SOFTWARE, {one.identity: None}))
    found = read(state)

    assert "RescaleSlope" not in state
    for frame in frames:
        ours, expected = picture(found, frame), render(frame, frame.stored())
        assert np.array_equal(ours, expected)


def test_a_window_by_hand_is_that_of_every_image(make: Make) -> None:
    frames = tuple(make(n, RescaleSlope=2, RescaleIntercept=-10) for n in (1, 2, 3))
    series = Identity("P1", "", "2.25.1", "2.25.2")
    view = Presentation(
        (series,), Window(500, 1000), "INVERSE", Orientation(True, 3), (1.0, 2.0, 7.0, 8.0)
    )

    (state,) = states_of(Saving(of(frames[0], views=(view,)), frames, SOFTWARE))
    found = read(state)

    for frame in frames:
        part = found.of_frame(frame.identity)
        assert part.window == Window(500, 1000)
        assert (part.orientation, part.displayed) == (view.orientation, view.displayed)
        assert greys_of(part, frame).inverts


def test_an_image_without_a_window_is_named_only_where_it_matters(make: Make) -> None:
    frames = tuple(make(n) for n in (1, 2, 3))
    mark = Annotation("m", frames[1].identity, Kind.PROBE, ((1.0, 2.0),))

    (state,) = states_of(Saving(of(frames[0], annotations=(mark,)), frames, SOFTWARE))
    found = read(state)

    assert found.of_frame(frames[0].identity) is None
    assert np.array_equal(picture(found, frames[1]), render(frames[1], frames[1].stored()))
    assert found.annotations() == (mark,)


def test_a_rescale_that_makes_no_sense_is_no_rescale(make: Make) -> None:
    frame = make(1, WindowCenter=3000, WindowWidth=6000)
    frame.header.RescaleSlope, frame.header.RescaleIntercept = "0", "5"

    (state,) = states_of(Saving(of(frame), (frame,), SOFTWARE, {frame.identity: None}))

    assert "RescaleSlope" not in state
    assert read(state).of_frame(frame.identity).window == Window(3000, 6000)


def test_monochrome1_is_inverted_once(make: Make) -> None:
    frame = make(1, PhotometricInterpretation="MONOCHROME1", WindowCenter=3000, WindowWidth=6000)

    (state,) = states_of(Saving(of(frame), (frame,), SOFTWARE, {frame.identity: None}))

    assert state.PresentationLUTShape == "INVERSE"
    assert np.array_equal(picture(read(state), frame), render(frame, frame.stored()))


def test_marks_on_an_image_that_is_not_here_are_not_sent_without_it(make: Make) -> None:
    frame = make(1)
    stray = Annotation("m", frame.identity.of_frame(5), Kind.PROBE, ((1.0, 2.0),))

    with pytest.raises(ReportProblem, match="kept on this workstation"):
        states_of(Saving(of(frame, annotations=(stray,)), (frame,), SOFTWARE))


def test_key_images_become_a_document_and_none_becomes_none(make: Make) -> None:
    frame = make(1)

    document = key_objects_of(Saving(of(frame, key_images=(frame.identity,)), (frame,), SOFTWARE))

    assert document is not None
    assert document.Modality == "KO"
    assert key_objects_of(Saving(of(frame), (frame,), SOFTWARE)) is None
