"""Pictures of all kinds are shown in their colours; what is no picture says what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels.utils import set_pixel_data
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

from dicom_io.enclosed import enclosed_in
from dicom_io.errors import DamagedFile, NoPixels, NotDicom
from dicom_io.image.frame import open_frames
from dicom_io.image.kinds import what_it_is, why_not_shown
from dicom_io.image.modality import modality_of
from dicom_io.image.render import Renderer

ROOT = "1.2.840.10008.5.1.4.1.1."
COLOURED = {
    "endoscope, still": "77.1.1",
    "endoscope, clip": "77.1.1.1",
    "microscope": "77.1.2",
    "microscope with slide coordinates": "77.1.3",
    "photograph": "77.1.4",
    "photographs, clip": "77.1.4.1",
    "eye, photograph": "77.1.5.1",
    "skin": "77.1.7",
    "ultrasound": "6.1",
    "ultrasound, clip": "3.1",
    "secondary capture": "7",
    "secondary capture, true colour, many": "7.4",
}
NO_IMAGES = {
    "66.4": "segmentation",
    "66.7": "segmentation by labels",
    "66": "raw data",
    "66.1": "registration",
    "481.2": "dose",
    "481.3": "structure set",
    "481.5": "plan",
    "481.8": "treatment",
    "104.1": "PDF",
    "104.2": "CDA",
    "104.3": "3D printer",
    "9.1.1": "waveform",
    "91.1": "annotations of a slide",
}


def made(sop_class: str, **more: Any) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = ROOT + sop_class
    dataset.PatientID, dataset.Modality = "K1", "OT"
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(dataset, keyword, "1.2.826.0.1.3680043.8.498.55.1")
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize("sop_class", COLOURED.values(), ids=COLOURED.keys())
@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "run lengths"])
def test_true_colour_of_any_kind_is_shown_as_it_is(
    tmp_path: Path, sop_class: str, is_packed: bool
) -> None:
    count = 3 if sop_class in ("77.1.1.1", "77.1.4.1", "3.1", "7.4") else 1
    colours = np.random.default_rng(2).integers(0, 256, (count, 12, 10, 3), np.uint8)
    dataset = made(sop_class)
    pixels = colours if count > 1 else colours[0]
    set_pixel_data(dataset, pixels, "RGB", 8)
    if is_packed:
        dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)

    frames = open_frames(tmp_path / "a.dcm")

    assert len(frames) == count and what_it_is(frames[0].header) == ""
    for frame, wanted in zip(frames, colours, strict=True):
        assert np.array_equal(Renderer(frame, frame.stored())(), wanted)


@pytest.mark.parametrize("keyword", ["FloatPixelData", "DoubleFloatPixelData"])
def test_a_parametric_map_is_shown_by_its_floating_values(tmp_path: Path, keyword: str) -> None:
    kind = np.float32 if keyword == "FloatPixelData" else np.float64
    values = np.linspace(-2, 5, 48).astype(kind).reshape(6, 8)
    dataset = made("30", Rows=6, Columns=8, NumberOfFrames=1, SamplesPerPixel=1)
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = values.itemsize * 8
    setattr(dataset, keyword, values.tobytes())
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)

    (frame,) = open_frames(tmp_path / "a.dcm")

    assert np.array_equal(frame.stored(), values)
    picture = Renderer(frame, frame.stored())()
    assert np.all(np.diff(picture.ravel().astype(int)) >= 0) and np.ptp(picture) > 200


def test_a_nuclear_medicine_object_has_its_frames_and_its_slope(tmp_path: Path) -> None:
    counts = np.arange(4 * 30, dtype=np.uint16).reshape(4, 5, 6)
    dataset = made("20", Modality="NM", RescaleSlope="2", RescaleIntercept="1")
    set_pixel_data(dataset, counts, "MONOCHROME2", 16)
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)

    frames = open_frames(tmp_path / "a.dcm")

    assert [int(frame.stored()[0, 0]) for frame in frames] == [0, 30, 60, 90]
    assert float(modality_of(frames[1])(frames[1].stored())[0, 0]) == 61


@pytest.mark.parametrize(("sop_class", "word"), NO_IMAGES.items())
def test_what_is_no_image_is_named_in_one_sentence(sop_class: str, word: str) -> None:
    header = made(sop_class)

    sentence = why_not_shown(header, "one.dcm")

    assert sentence.startswith("one.dcm is ") and word in sentence
    assert ("Save document" in sentence) == sop_class.startswith("104")


def test_images_reports_and_states_are_not_called_something_else() -> None:
    for sop_class in ("2", "4", "481.1", "77.1.6", "88.11", "11.1", "88.59", "30", "128"):
        assert what_it_is(made(sop_class)) == ""
    assert what_it_is(Dataset()) == ""


def test_the_samples_of_segmentations_are_recognised(shared: Path) -> None:
    for name in ("seg_ct_binary.dcm", "seg_ct_fractional.dcm"):
        (frame, *_) = open_frames(shared / "data" / "dicom_misc" / name)

        assert "segmentation" in why_not_shown(frame.header, name)


def pdf(path: Path, content: bytes, **more: Any) -> Path:
    dataset = made("104.1", DocumentTitle="../Report: of ^A", **more)
    dataset.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
    dataset.save_as(path, enforce_file_format=True)
    return path


def test_a_document_comes_out_to_the_last_byte(tmp_path: Path) -> None:
    content = b"%PDF-1.4 odd\n%%EOF"
    for number, more in enumerate(({}, {"EncapsulatedDocumentLength": len(content)})):
        for extra in (b"", b"!"):
            told = {"EncapsulatedDocumentLength": len(content + extra)} if more else {}
            one = enclosed_in(pdf(tmp_path / f"{number}.dcm", content + extra, **told))

            assert one.content == content + extra
            assert one.file_name == "Report of A.pdf"
    one.save(tmp_path / "out.pdf")
    assert (tmp_path / "out.pdf").read_bytes() == one.content


def test_what_holds_no_document_says_so(tmp_path: Path) -> None:
    made("7").save_as(tmp_path / "image.dcm", enforce_file_format=True)
    (tmp_path / "text.dcm").write_text("no DICOM at all")
    cut = pdf(tmp_path / "cut.dcm", bytes(5000))
    cut.write_bytes(cut.read_bytes()[:2500])

    with pytest.raises(DamagedFile, match="no document"):
        enclosed_in(tmp_path / "image.dcm")
    with pytest.raises(NotDicom):
        enclosed_in(tmp_path / "text.dcm")
    with pytest.raises(DamagedFile):
        enclosed_in(cut)
    with pytest.raises(NoPixels, match="PDF"):
        open_frames(pdf(tmp_path / "a.dcm", b"%PDF"))


def test_a_dose_is_no_image_though_it_has_pixels() -> None:
    path = get_testdata_file("rtdose_1frame.dcm")
    (frame,) = open_frames(Path(str(path)))

    assert "dose" in what_it_is(frame.header)
