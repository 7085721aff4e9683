"""A presentation as an object: valid, true to its images, and found again as it was."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from dicom_io.errors import ReportProblem
from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind
from dicom_io.image.applying import greys_of
from dicom_io.image.frame import ImageFrame, frames_of_dataset, open_frames
from dicom_io.image.gsps import read_state
from dicom_io.image.presentation import (
    Graphic,
    Orientation,
    Presentation,
    PresentationState,
    Shape,
    Shutter,
    Sizing,
)
from dicom_io.image.render import Renderer, Window
from dicom_io.image.window import LINEAR_EXACT, LUT, SIGMOID, windows_of
from dicom_io.report.header import Software
from dicom_io.report.presentation_graphics import label_of
from dicom_io.report.presentation_state import build_presentation, encoded
from tests.judges import judge_entities, require_judges

POINTS = {
    Kind.PROBE: ((3.25, 4.1),),
    Kind.LENGTH: ((1.1, 2.2), (30.3, 40.4)),
    Kind.BIDIRECTIONAL: ((1.1, 2.2), (30.3, 40.4), (9.9, 30.1), (20.2, 12.3)),
    Kind.ANGLE: ((1.1, 2.2), (30.3, 40.4), (50.5, 2.1)),
    Kind.COBB: ((1.1, 2.2), (30.3, 4.4), (1.2, 50.6), (30.1, 44.4)),
    Kind.ELLIPSE: ((10.1, 10.2), (20.3, 50.4)),
    Kind.RECTANGLE: ((10.1, 10.2), (20.3, 50.4)),
    Kind.FREEHAND: ((1.1, 1.2), (30.3, 5.4), (20.1, 33.3), (4.4, 20.2)),
    Kind.ARROW: ((10.1, 10.2), (40.3, 50.4)),
    Kind.TEXT: ((33.3, 3.3),),
}


def sample(name: str) -> ImageFrame:
    path = get_testdata_file(name)
    assert isinstance(path, str)
    return open_frames(Path(path))[0]


def marks_on(identity: Identity) -> tuple[Annotation, ...]:
    worded = (Kind.TEXT, Kind.ARROW)
    return tuple(
        Annotation(f"mark-{kind.name}", identity, kind, points, "Größe ≤ 5 mm" * (kind in worded))
        for kind, points in POINTS.items()
    )


def seen(frame: ImageFrame, **more: object) -> Presentation:
    """A presentation of a whole image with every part that we write."""
    image = frame.identity.of_frame(0)
    whole = Presentation((image,), Window(40, 400), "IDENTITY", label="WETREAD")
    return replace(whole, **more)  # type: ignore[arg-type]  # the fields of Presentation


def build(parts: Presentation | Sequence[Presentation], *frames: ImageFrame) -> Dataset:
    marks = [parts] if isinstance(parts, Presentation) else parts
    texts = {mark.id: "Length 3.2 mm" for part in marks for mark in part.annotations}
    headers = [frame.header for frame in frames]
    return build_presentation(parts, headers, Software.installed(), texts=texts)


def read(state: Dataset) -> PresentationState:
    return read_state(pydicom.dcmread(BytesIO(encoded(state))))


def complaints(path: Path, *, harmless: Sequence[str] = ()) -> list[str]:
    """What dciodvfy says against a presentation state; its remarks on private tags are none."""
    require_judges()
    ended = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, timeout=30)
    lines = ended.stderr.decode("utf-8", "replace").splitlines()
    known = (
        "Unrecognized tag - assuming explicit",
        "Retired Person Name",
        "Value is zero",
        "SoftcopyPresentationState",
        "actually unknown",
        *harmless,
    )
    kinds = {"GrayscaleSoftcopyPresentationState", "ColorSoftcopyPresentationState"}
    assert kinds & set(lines) and ended.returncode == 0
    return [line for line in lines if line and not any(part in line for part in known)]


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm", "RG1_UNCR.dcm", "US1_UNCR.dcm"])
def test_a_state_of_real_images_has_no_complaint_of_the_judges(name: str, tmp_path: Path) -> None:
    frame = sample(name)
    state = build(
        seen(
            frame,
            orientation=Orientation(True, 1),
            displayed=(10, 20, 60, 64),
            shutter=Shutter((1, 2, 50, 60), (30, 30, 20), ((1, 1), (50, 1), (30, 40))),
            annotations=marks_on(frame.identity),
            description="Größe",
            creator="Doe^Jane",
        ),
        frame,
    )
    path = tmp_path / "state.dcm"
    path.write_bytes(encoded(state))

    assert complaints(path) == []
    assert judge_entities(path, frame.header, tmp_path) == ()


def test_every_mark_is_found_again_as_it_was_drawn() -> None:
    frame = sample("CT_small.dcm")
    marks = marks_on(frame.identity)

    found = read(build(seen(frame, annotations=marks), frame))

    assert found.is_ours
    assert found.annotations() == marks
    assert found.notices == ()
    assert found.parts[0].graphics == ()


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_orientation_and_area_are_found_again(mirrored: bool, quarters: int) -> None:
    frame = sample("CT_small.dcm")
    area = (10.0, 20.0, 61.0, 65.0)
    orientation = Orientation(mirrored, quarters)

    found = read(build(seen(frame, orientation=orientation, displayed=area), frame))

    assert found.parts[0].orientation == orientation
    assert found.parts[0].displayed == area
    assert found.notices == ()


@pytest.mark.parametrize(
    "window",
    [
        Window(40, 400, explanation="Weichteil ≤"),
        Window(40.125, 399.5, LINEAR_EXACT),
        Window(1.5, 0.25, SIGMOID),
    ],
)
def test_windows_are_found_again(window: Window) -> None:
    frame = sample("CT_small.dcm")

    found = read(build(seen(frame, window=window), frame))

    assert found.parts[0].window == window
    assert greys_of(found.parts[0], frame).window == window


def test_a_window_table_is_found_again() -> None:
    frame = sample("MR-SIEMENS-DICOM-WithOverlays.dcm")
    path = get_testdata_file("vlut_04.dcm")
    assert isinstance(path, str)
    table = windows_of(open_frames(Path(path))[0])[0]
    assert table.function == LUT and table.lut is not None

    found = read(build(seen(frame, window=table), frame)).parts[0].window

    assert found is not None and found.lut is not None
    assert found.lut.first == table.lut.first
    assert np.array_equal(found.lut.entries, table.lut.entries)


def greys_of_dcmtk(state: Dataset, image: Path, folder: Path) -> NDArray[np.uint8]:
    """The image as DCMTK's own program shows it under the state."""
    program = shutil.which("dcmp2pgm")
    if program is None:
        pytest.skip("dcmp2pgm is missing (Debian package dcmtk)")
    (folder / "state.dcm").write_bytes(encoded(state))
    out = folder / "seen.pgm"
    subprocess.run(
        [program, "--pstate", str(folder / "state.dcm"), str(image), str(out)],
        check=True,
        capture_output=True,
        timeout=30,
    )
    return np.asarray(Image.open(out))


def ramp(folder: Path, photometric: str, **attributes: object) -> ImageFrame:
    """A CT of 64 x 48 with all values from 0 to 3071, as a file."""
    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    values = np.arange(64 * 48, dtype=np.int16).reshape(48, 64)
    dataset.PixelData, (dataset.Rows, dataset.Columns) = values.tobytes(), values.shape
    dataset.PhotometricInterpretation = photometric
    for keyword in ("PixelPaddingValue", "SmallestImagePixelValue", "LargestImagePixelValue"):
        if keyword in dataset:
            del dataset[keyword]
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.save_as(folder / "ramp.dcm", enforce_file_format=True)
    return open_frames(folder / "ramp.dcm")[0]


def rendered(part: Presentation, frame: ImageFrame) -> NDArray[np.uint8]:
    greys = greys_of(part, frame)
    return Renderer(frame, frame.stored(), shape=greys.shape, curve=greys.curve)(greys.window)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("shape", ["IDENTITY", "INVERSE"])
def test_greys_under_a_state_are_those_of_dcmtk(
    photometric: str, shape: str, tmp_path: Path
) -> None:
    """T1: the state's shape replaces the inversion of MONOCHROME1, once."""
    frame = ramp(tmp_path, photometric)
    state = build(seen(frame, window=Window(500, 1500), shape=shape), frame)

    ours = rendered(read(state).parts[0], frame)
    theirs = greys_of_dcmtk(state, frame.path, tmp_path)

    assert ours.shape == theirs.shape
    assert np.abs(ours.astype(int) - theirs).max() <= 1
    assert (ours[-1, -1] > ours[0, 0]) == (shape == "IDENTITY")
    assert bool(ours[-1, -1] == 255) == (shape == "IDENTITY")


def test_an_image_without_rescale_is_windowed_in_stored_values_under_a_state_of_others(
    tmp_path: Path,
) -> None:
    frame = ramp(tmp_path, "MONOCHROME2")
    state = build(seen(frame, window=Window(1500, 1001)), frame)
    for keyword in ("RescaleSlope", "RescaleIntercept", "RescaleType"):
        del state[keyword]

    part = read(state).parts[0]

    assert greys_of(part, frame).window == Window(1500 - 1024, 1001)
    theirs = greys_of_dcmtk(state, frame.path, tmp_path)
    assert np.abs(rendered(part, frame).astype(int) - theirs).max() <= 1


def test_the_table_of_angiography_that_is_not_for_display_is_not_in_its_state(
    tmp_path: Path,
) -> None:
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [4096, 0, 12])
    table.add_new("LUTData", "OW", (np.arange(4096) ** 2 // 4095).astype("<u2").tobytes())
    table.ModalityLUTType = "US"
    frame = ramp(
        tmp_path,
        "MONOCHROME2",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.12.1",
        ModalityLUTSequence=[table],
        RescaleSlope=None,
        RescaleIntercept=None,
    )
    state = build(seen(frame, window=Window(1500, 2000)), frame)

    ours = rendered(read(state).parts[0], frame)

    assert "ModalityLUTSequence" not in state
    assert np.array_equal(ours, Renderer(frame, frame.stored())(Window(1500, 2000)))
    assert np.abs(ours.astype(int) - greys_of_dcmtk(state, frame.path, tmp_path)).max() <= 1


def test_a_state_without_a_window_shows_the_whole_range(tmp_path: Path) -> None:
    frame = ramp(tmp_path, "MONOCHROME2", BitsStored=12, HighBit=11, PixelRepresentation=0)
    state = build(seen(frame, window=None), frame)

    part = read(state).parts[0]

    window = greys_of(part, frame).window
    assert window is not None and (window.center, window.width) == (1023.5, 4095)
    theirs = greys_of_dcmtk(state, frame.path, tmp_path)
    assert np.abs(rendered(part, frame).astype(int) - theirs).max() <= 1


def test_a_presentation_table_comes_after_the_window(tmp_path: Path) -> None:
    frame = ramp(tmp_path, "MONOCHROME1")
    state = build(seen(frame, window=Window(500, 1000)), frame)
    del state.PresentationLUTShape
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [256, 0, 8])
    curve = np.rint(255 * (np.arange(256) / 255) ** 2).astype("<u2")
    table.add_new("LUTData", "OW", curve.tobytes())
    state.PresentationLUTSequence = [table]

    part = read(state).parts[0]

    theirs = greys_of_dcmtk(state, frame.path, tmp_path)
    assert np.abs(rendered(part, frame).astype(int) - theirs).max() <= 2


def test_images_may_have_windows_and_areas_of_their_own(tmp_path: Path) -> None:
    frame = sample("CT_small.dcm")
    other = pydicom.dcmread(frame.path)
    other.SOPInstanceUID = "2.25.77"
    second = frames_of_dataset(other, tmp_path / "second.dcm")[0]
    parts = (
        seen(frame, window=Window(40, 400)),
        seen(second, window=Window(-600, 1500), displayed=(1, 2, 30, 31)),
    )

    found = read(build(parts, frame, second))

    one, two = found.of_frame(frame.identity), found.of_frame(second.identity)
    assert one is not None and one.window == Window(40, 400)
    assert two is not None and two.window == Window(-600, 1500)
    assert two.displayed == (1, 2, 30, 31)
    assert found.of_frame(replace(frame.identity, instance="2.25.78")) is None


def test_frames_of_one_image_may_differ() -> None:
    frames = open_frames(Path(str(get_testdata_file("emri_small.dcm"))))
    whole = seen(frames[0], window=Window(100, 200))
    third = seen(frames[2], images=(frames[2].identity,), window=Window(50, 70))
    mark = Annotation("a", frames[4].identity, Kind.PROBE, ((1.5, 2.5),))

    found = read(build((replace(whole, annotations=(mark,)), third), frames[0]))

    windows = [part.window for frame in frames if (part := found.of_frame(frame.identity))]
    assert windows[2] == Window(50, 70)
    assert windows[:2] == [Window(100, 200)] * 2
    assert found.annotations() == (mark,)


def test_true_size_and_magnification_are_found_again() -> None:
    frame = sample("CT_small.dcm")

    true = read(build(seen(frame, sizing=Sizing.TRUE_SIZE, spacing=(0.5, 0.5)), frame)).parts[0]
    larger = read(build(seen(frame, sizing=Sizing.MAGNIFY, magnification=2.5), frame)).parts[0]

    assert (true.sizing, true.spacing) == (Sizing.TRUE_SIZE, (0.5, 0.5))
    assert (larger.sizing, larger.magnification) == (Sizing.MAGNIFY, 2.5)


def test_graphics_of_others_are_written_on() -> None:
    frame = sample("CT_small.dcm")
    images = (frame.identity.of_frame(0),)
    graphics = (
        Graphic(Shape.CIRCLE, ((10.0, 10.0), (20.0, 10.0)), images, layer="FROM OTHERS"),
        Graphic(Shape.TEXT, ((0.25, 0.25), (0.75, 0.5)), images, is_relative=True, text="Note"),
    )

    found = read(build(seen(frame, graphics=graphics), frame)).parts[0].graphics

    assert [(g.shape, g.points, g.is_relative, g.text) for g in found] == [
        (g.shape, g.points, g.is_relative, g.text) for g in graphics
    ]


def test_a_mark_that_another_program_moved_is_shown_as_it_was_moved() -> None:
    frame = sample("CT_small.dcm")
    mark = Annotation("a", frame.identity, Kind.LENGTH, ((1.0, 1.0), (9.0, 9.0)))
    state = build(seen(frame, annotations=(mark,)), frame)
    item = state.GraphicAnnotationSequence[0].GraphicObjectSequence[0]
    item.GraphicData = [1.0, 1.0, 20.0, 20.0]

    found = read(state)

    assert found.annotations() == ()
    assert found.parts[0].graphics[0].points == ((1.0, 1.0), (20.0, 20.0))
    assert found.notices == (
        "A mark was changed by another program; it is shown and cannot be edited.",
    )


def test_images_of_two_patients_are_refused(tmp_path: Path) -> None:
    frame = sample("CT_small.dcm")
    other = pydicom.dcmread(frame.path)
    other.PatientID, other.SOPInstanceUID = "another", "2.25.77"
    second = frames_of_dataset(other, tmp_path / "second.dcm")[0]

    with pytest.raises(ReportProblem, match="one study alone"):
        build((seen(frame), seen(second)), frame, second)


def test_a_mark_of_another_study_is_refused() -> None:
    frame = sample("CT_small.dcm")
    stray = replace(frame.identity, study="2.25.9")
    mark = Annotation("a", stray, Kind.PROBE, ((1.0, 1.0),))

    with pytest.raises(ReportProblem, match="another patient or study"):
        build(seen(frame, annotations=(mark,)), frame)


def test_an_image_that_is_not_here_is_refused() -> None:
    frame = sample("CT_small.dcm")

    with pytest.raises(ReportProblem, match="not here"):
        build_presentation(seen(frame), [], Software.installed())


def test_a_label_is_made_of_what_dicom_allows() -> None:
    assert label_of("für Chirurgie – 2") == "FUR CHIRURGIE 2"
    assert label_of("!!!") == "WETREAD"
