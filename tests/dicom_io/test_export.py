"""An export is whole or not there at all, and without identity it holds none in any byte."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet
from pydicom.uid import UID, RLELossless

from dicom_io.audit import AuditLog
from dicom_io.errors import Cancelled, DiskFull, ExportRefused, FileProblem
from dicom_io.export import Exported, Wish, export_dicom, export_pictures, picture_of
from dicom_io.identity import Identity
from dicom_io.image.frame import open_frames
from dicom_io.image.lut import LookUpTable
from dicom_io.image.presentation import Orientation, Presentation
from dicom_io.image.render import Window, render
from dicom_io.report.header import Software
from dicom_io.report.key_objects import build_key_objects
from dicom_io.report.presentation_state import build_presentation, encoded

CANARY = "ZZCANARY"


def file_of(name: str) -> Path:
    path = get_testdata_file(name)
    assert isinstance(path, str)
    return Path(path)


@pytest.fixture
def audit(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "audit")


@pytest.fixture
def wish(tmp_path: Path) -> Callable[..., Wish]:
    def make(**more: Any) -> Wish:
        return Wish(tmp_path / "out", Identity("P", "", "2.25.1"), **more)

    return make


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A CT with the canary wherever a header can hold a text, also where none belongs."""
    dataset = pydicom.dcmread(file_of("CT_small.dcm"))
    dataset.preamble = CANARY.encode() * 16
    dataset.PatientName, dataset.PatientID = f"{CANARY}^Jane", f"{CANARY}-17"
    for keyword in (
        "AccessionNumber StudyID InstitutionName InstitutionAddress StudyDescription StationName "
        "SeriesDescription ReferringPhysicianName OperatorsName ProtocolName PatientComments "
        "ImageComments BodyPartExamined ConvolutionKernel RequestedProcedureDescription "
        "DeviceSerialNumber FrameComments RescaleType ManufacturerModelName OtherPatientIDs"
    ).split():
        setattr(dataset, keyword, CANARY)
    dataset.IssuerOfPatientID = CANARY
    dataset.PatientBirthDate, dataset.StudyDate = "19510407", "20040119"
    dataset.add_new(0x00091001, "LO", CANARY)
    dataset.add_new(0x60004000, "LT", CANARY)
    dataset.add_new(0x60000022, "LO", CANARY)
    inner = Dataset()
    inner.RequestedProcedureID = inner.RequestedProcedureDescription = CANARY
    inner.add_new(0x00110010, "LO", CANARY)
    outer = Dataset()
    outer.PatientName = outer.CodeMeaning = CANARY
    outer.RequestAttributesSequence = [inner]
    dataset.RequestAttributesSequence = [inner]
    dataset.ReferencedImageSequence = [outer]
    dataset.AnatomicRegionSequence = [Dataset()]
    dataset.AnatomicRegionSequence[0].CodeValue = "T-1"
    dataset.AnatomicRegionSequence[0].CodingSchemeDesignator = "SRT"
    dataset.AnatomicRegionSequence[0].CodeMeaning = f"Head of {CANARY}"
    dataset.file_meta.SourceApplicationEntityTitle = CANARY
    dataset.file_meta.PrivateInformationCreatorUID = UID("2.25.5")
    dataset.file_meta.PrivateInformation = CANARY.encode()
    path = tmp_path / "canary.dcm"
    dataset.save_as(path)
    assert CANARY.encode() in path.read_bytes()
    return path


def run(events: Iterator[Exported]) -> Exported:
    return list(events)[-1]


def all_bytes(folder: Path) -> bytes:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return b"".join(path.read_bytes() for path in files) + "\n".join(map(str, files)).encode()


def test_no_byte_of_a_deidentified_export_holds_the_patient(
    canary: Path, wish: Callable[..., Wish], audit: AuditLog, tmp_path: Path
) -> None:
    source = pydicom.dcmread(canary)

    last = run(export_dicom([canary], wish(deidentify=True), audit))

    assert last.folder == tmp_path / "out"
    content = all_bytes(last.folder).lower()
    told = [CANARY, "jane", "19510407", "20040119", source.StudyInstanceUID]
    told += [source.SeriesInstanceUID, source.SOPInstanceUID, source.FrameOfReferenceUID]
    assert [one for one in told if one.lower().encode() in content] == []
    (path,) = (one for one in last.folder.rglob("IM*"))
    result = pydicom.dcmread(path)
    assert np.array_equal(result.pixel_array, source.pixel_array)
    assert result.PatientIdentityRemoved == "YES"
    assert result.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert not any(element.tag.is_private for element in result)
    assert result.PixelSpacing == source.PixelSpacing
    assert result.RescaleIntercept == source.RescaleIntercept


def test_frames_keep_what_is_said_of_each(wish: Callable[..., Wish], audit: AuditLog) -> None:
    path = file_of("eCT_Supplemental.dcm")
    source = pydicom.dcmread(path)

    folder = run(export_dicom([path], wish(deidentify=True), audit)).folder

    assert folder is not None
    (path,) = folder.rglob("IM*")
    result = pydicom.dcmread(path)
    groups = result.PerFrameFunctionalGroupsSequence
    assert len(groups) == source.NumberOfFrames
    for ours, theirs in zip(groups, source.PerFrameFunctionalGroupsSequence, strict=True):
        place = ours.PlanePositionSequence[0].ImagePositionPatient
        assert place == theirs.PlanePositionSequence[0].ImagePositionPatient
    assert result.SoftwareVersions == "REMOVED"


def test_uids_and_dates_are_replaced_alike_throughout_an_export(
    tmp_path: Path, wish: Callable[..., Wish], audit: AuditLog
) -> None:
    paths = []
    for number in (1, 2):
        dataset = pydicom.dcmread(file_of("CT_small.dcm"))
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(
            f"2.25.{number}"
        )
        dataset.StudyDate, dataset.SeriesDate = "20200101", "20200111"
        dataset.save_as(tmp_path / f"{number}.dcm")
        paths.append(tmp_path / f"{number}.dcm")

    folder = run(export_dicom(paths, wish(deidentify=True), audit)).folder

    assert folder is not None
    one, two = (pydicom.dcmread(path) for path in sorted(folder.rglob("IM*")))
    assert one.StudyInstanceUID == two.StudyInstanceUID
    assert one.FrameOfReferenceUID == two.FrameOfReferenceUID
    assert one.SOPInstanceUID != two.SOPInstanceUID
    assert one.PatientID == two.PatientID
    days = [np.datetime64(f"{d[:4]}-{d[4:6]}-{d[6:]}") for d in (one.StudyDate, one.SeriesDate)]
    assert (days[1] - days[0]).astype(int) == 10
    assert one.StudyDate < "2020"


def test_an_identified_export_is_byte_for_byte_and_its_dicomdir_is_read_by_others(
    tmp_path: Path, wish: Callable[..., Wish], audit: AuditLog
) -> None:
    names = ["CT_small.dcm", "MR_small.dcm", "US1_UNCR.dcm", "693_J2KR.dcm", "emri_small.dcm"]
    paths = [file_of(name) for name in names]

    folder = run(export_dicom(paths, wish(), audit)).folder

    assert folder is not None
    written = sorted(folder.rglob("IM*"))
    assert sorted(p.read_bytes() for p in written) == sorted(p.read_bytes() for p in paths)
    fileset = FileSet(folder / "DICOMDIR")
    assert {one.SOPInstanceUID for one in fileset} == {
        pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in paths
    }
    assert all(Path(one.path).is_file() for one in fileset)
    fileset._stage["t"].cleanup()  # pydicom's own, which warns when it is forgotten
    if shutil.which("dcmdump"):
        heard = subprocess.run(
            ["dcmdump", "+sd", str(folder / "DICOMDIR")], capture_output=True, timeout=30
        )
        assert heard.returncode == 0 and b"error" not in heard.stderr.lower()


def test_states_key_images_and_reports_stand_in_the_dicomdir(
    tmp_path: Path, wish: Callable[..., Wish], audit: AuditLog
) -> None:
    (frame,) = open_frames(file_of("CT_small.dcm"))
    seen = Presentation((frame.identity.of_frame(0),), Window(40, 400))
    state = build_presentation(seen, [frame.header], Software.installed())
    keys = build_key_objects([frame.identity], [frame.header], Software.installed())
    paths = [file_of("CT_small.dcm"), file_of("reportsi.dcm")]
    for name, made in (("state", state), ("keys", keys)):
        (tmp_path / name).write_bytes(encoded(made))
        paths.append(tmp_path / name)

    folder = run(export_dicom(paths, wish(), audit)).folder

    assert folder is not None
    fileset = FileSet(folder / "DICOMDIR")
    kinds = {str(one.node._record.DirectoryRecordType) for one in fileset}
    fileset._stage["t"].cleanup()
    assert kinds == {"IMAGE", "SR DOCUMENT", "PRESENTATION", "KEY OBJECT DOC"}


def test_pictures_of_a_series_are_what_is_rendered(
    wish: Callable[..., Wish], audit: AuditLog
) -> None:
    frames = open_frames(file_of("emri_small.dcm"))
    seen = Presentation((), Window(100, 300), "INVERSE", Orientation(True, 1))

    folder = run(export_pictures(frames, wish(), audit, look=lambda _: seen)).folder

    assert folder is not None
    pictures = sorted(folder.rglob("*.png"))
    assert len(pictures) == len(frames)
    upright = render(frames[3], frames[3].stored(), Window(100, 300), shape="INVERSE")
    with Image.open(pictures[3]) as picture:
        assert np.array_equal(np.asarray(picture), np.rot90(upright[:, ::-1], -1))
        assert picture.info == {}


def test_colour_that_was_inverted_is_exported_inverted() -> None:
    frame = open_frames(file_of("SC_rgb.dcm"))[0]

    picture = picture_of(frame, Presentation((), None, "INVERSE"))

    assert np.array_equal(picture, 255 - render(frame, frame.stored()))


def test_a_state_s_presentation_table_is_exported_too() -> None:
    (frame,) = open_frames(file_of("CT_small.dcm"))
    curve = LookUpTable(0, 8, (np.arange(256, dtype=np.uint16)[::-1] // 2).tobytes())
    seen = Presentation((), Window(100, 300), "IDENTITY", lut=curve)

    picture = picture_of(frame, seen)

    plain = render(frame, frame.stored(), Window(100, 300))
    assert np.array_equal(picture, (255 - plain) // 2)


def test_the_picture_of_a_frame_without_a_view_is_its_files_own() -> None:
    (frame,) = open_frames(file_of("CT_small.dcm"))

    assert np.array_equal(picture_of(frame), render(frame, frame.stored()))


def test_the_audit_tells_of_each_export(
    canary: Path, wish: Callable[..., Wish], audit: AuditLog
) -> None:
    run(export_dicom([canary], wish(deidentify=True), audit))

    (entry,) = audit.entries()
    assert entry.event == "EXPORTED"
    assert entry.identity is not None and entry.identity.study == "2.25.1"
    assert dict(entry.details)["deidentified"] == "yes"


def test_images_that_often_show_names_need_a_persons_look(
    wish: Callable[..., Wish], audit: AuditLog, tmp_path: Path
) -> None:
    ultrasound = [file_of("US1_UNCR.dcm")]

    with pytest.raises(ExportRefused, match="Look at every image"):
        run(export_dicom(ultrasound, wish(deidentify=True), audit))
    with pytest.raises(ExportRefused, match="Look at every image"):
        run(export_pictures(open_frames(ultrasound[0]), wish(deidentify=True), audit))
    assert not (tmp_path / "out").exists()
    assert run(export_dicom(ultrasound, wish(deidentify=True, confirmed=True), audit)).folder


def test_documents_are_left_out_of_an_export_without_identity(
    wish: Callable[..., Wish], audit: AuditLog
) -> None:
    paths = [file_of("CT_small.dcm"), file_of("reportsi.dcm")]

    last = run(export_dicom(paths, wish(deidentify=True), audit))

    assert last.left_out == 1
    assert any("left out" in notice for notice in last.notices)


def test_a_folder_with_something_in_it_is_left_alone(
    wish: Callable[..., Wish], audit: AuditLog, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("mine")

    with pytest.raises(ExportRefused, match="not empty"):
        run(export_dicom([file_of("CT_small.dcm")], wish(), audit))

    assert [path.name for path in (tmp_path / "out").iterdir()] == ["letter.txt"]


def test_an_empty_folder_is_filled(
    wish: Callable[..., Wish], audit: AuditLog, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()

    run(export_dicom([file_of("CT_small.dcm")], wish(), audit))

    assert (tmp_path / "out" / "DICOMDIR").is_file()


def left_behind(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name not in ("audit", "canary.dcm")]


@pytest.mark.parametrize("form", ["dicom", "png"])
def test_a_stopped_export_leaves_nothing(
    form: str, wish: Callable[..., Wish], audit: AuditLog, tmp_path: Path
) -> None:
    path = file_of("emri_small.dcm")
    asked = iter([False, True])

    def stop() -> bool:
        return next(asked)

    with pytest.raises(Cancelled, match="Nothing was exported"):
        if form == "dicom":
            run(export_dicom([path, path], wish(), audit, stop))
        else:
            run(export_pictures(open_frames(path), wish(), audit, stop=stop))

    assert left_behind(tmp_path) == []
    assert list(audit.entries()) == []


def test_a_full_disk_leaves_nothing_and_says_so(
    wish: Callable[..., Wish], audit: AuditLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(DiskFull, match="disk is full"):
        run(export_dicom([file_of("CT_small.dcm")], wish(), audit))

    assert left_behind(tmp_path) == []


def test_an_abandoned_export_leaves_nothing(
    wish: Callable[..., Wish], audit: AuditLog, tmp_path: Path
) -> None:
    """The window closes a generator that nobody wants any more."""
    paths = [file_of("CT_small.dcm"), file_of("MR_small.dcm")]
    events = export_dicom(paths, wish(), audit)
    next(events)
    assert left_behind(tmp_path) != []

    events.close()  # type: ignore[attr-defined]  # it is a generator

    assert left_behind(tmp_path) == []


def test_a_missing_parent_and_a_damaged_file_are_one_sentence_each(
    audit: AuditLog, tmp_path: Path
) -> None:
    study = Identity("P", "", "2.25.1")
    damaged = tmp_path / "damaged.dcm"
    damaged.write_bytes(b"no DICOM")

    with pytest.raises(ExportRefused, match="does not exist"):
        run(export_dicom([damaged], Wish(tmp_path / "no" / "out", study), audit))
    with pytest.raises(FileProblem, match="cannot be read"):
        run(export_dicom([damaged], Wish(tmp_path / "out", study), audit))
    with pytest.raises(ExportRefused, match="Nothing in this study"):
        run(export_dicom([], Wish(tmp_path / "out", study), audit))
    assert not (tmp_path / "out").exists()


def test_overlays_in_unused_bits_do_not_stay(
    wish: Callable[..., Wish], audit: AuditLog, tmp_path: Path
) -> None:
    dataset = pydicom.dcmread(file_of("CT_small.dcm"))
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 0
    values = np.frombuffer(dataset.PixelData, "<u2") & 0x0FFF
    dataset.PixelData = (values | 0x4000).astype("<u2").tobytes()
    dataset.add_new(0x60000100, "US", 16)
    dataset.add_new(0x60000102, "US", 14)
    dataset.save_as(tmp_path / "bits.dcm")

    folder = run(export_dicom([tmp_path / "bits.dcm"], wish(deidentify=True), audit)).folder

    assert folder is not None
    (path,) = folder.rglob("IM*")
    result = pydicom.dcmread(path)
    assert np.array_equal(np.frombuffer(result.PixelData, "<u2"), values)
    assert 0x60000102 not in result


def test_an_overlay_in_bits_of_compressed_pixels_is_refused(
    wish: Callable[..., Wish], audit: AuditLog, tmp_path: Path
) -> None:
    dataset = pydicom.dcmread(file_of("CT_small.dcm"))
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 0
    dataset.add_new(0x60000100, "US", 16)
    dataset.add_new(0x60000102, "US", 14)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(tmp_path / "bits.dcm")

    with pytest.raises(FileProblem, match="overlay"):
        run(export_dicom([tmp_path / "bits.dcm"], wish(deidentify=True), audit))


def test_a_name_in_compressed_pixel_data_is_refused(
    wish: Callable[..., Wish], audit: AuditLog, tmp_path: Path
) -> None:
    dataset = pydicom.dcmread(file_of("JPEG2000.dcm"))
    dataset.PatientName = f"{CANARY}^Jane"
    dataset.Modality, dataset.BurnedInAnnotation = "CT", "NO"
    dataset.PixelData = dataset.PixelData[:-8] + CANARY.encode()
    dataset.save_as(tmp_path / "comment.dcm")

    with pytest.raises(FileProblem, match="pixel data"):
        run(export_dicom([tmp_path / "comment.dcm"], wish(deidentify=True), audit))
