"""The embedded archive as other programs see it."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    PatientRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelFind,
)

from dicom_io.errors import FormatTooNew, NodeRefused, NotDicom, StorageProblem
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.node import Node
from dicom_io.source import Query
from tests.servers import await_true

STUDY_ROOT = StudyRootQueryRetrieveInformationModelFind
PATIENT_ROOT = PatientRootQueryRetrieveInformationModelFind


@contextmanager
def associated(archive: Archive, model: str) -> Iterator[Association]:
    node = archive.node
    entity = AE("TESTER")
    entity.add_requested_context(model)
    association = entity.associate(node.host, node.port, ae_title=node.aet)
    assert association.is_established
    yield association
    association.release()


def ask(archive: Archive, model: str, **keys: object) -> tuple[list[Dataset], int]:
    """The matching answers of a plain C-FIND, and the final status."""
    identifier = Dataset()
    for keyword, value in keys.items():
        setattr(identifier, keyword, value)
    with associated(archive, model) as association:
        responses = list(association.send_c_find(identifier, model))
    return [answer for _, answer in responses if answer], responses[-1][0].Status


def test_a_patient_is_found_by_patient_root(archive: Archive, samples: dict[str, Path]) -> None:
    archive.add([samples["693_J2KR.dcm"], samples["693_UNCI.dcm"], samples["CT_small.dcm"]])

    answers, status = ask(
        archive, PATIENT_ROOT, QueryRetrieveLevel="PATIENT", PatientID="CQ*", PatientName=""
    )

    assert [str(answer.PatientName) for answer in answers] == ["CQ500-CT-310"]
    assert status == 0


def test_a_patient_level_does_not_exist_in_study_root(archive: Archive) -> None:
    answers, status = ask(archive, STUDY_ROOT, QueryRetrieveLevel="PATIENT", PatientID="*")

    assert (answers, status) == ([], 0xA900)


@pytest.mark.parametrize("level", ["SERIES", "IMAGE", "", "NONSENSE"])
def test_a_query_without_the_parents_uid_is_refused(archive: Archive, level: str) -> None:
    _, status = ask(archive, STUDY_ROOT, QueryRetrieveLevel=level, SeriesInstanceUID="")

    assert status == 0xA900


def test_an_image_level_answer_holds_numbers_and_class(
    archive: Archive, samples: dict[str, Path]
) -> None:
    path = samples["examples_ybr_color.dcm"]
    archive.add([path])
    header = dcmread(path, stop_before_pixels=True)

    answers, _ = ask(
        archive,
        STUDY_ROOT,
        QueryRetrieveLevel="IMAGE",
        StudyInstanceUID=header.StudyInstanceUID,
        SeriesInstanceUID=header.SeriesInstanceUID,
        SOPClassUID="",
        Rows=None,
        NumberOfFrames=None,
        AcquisitionDate="",
    )

    assert len(answers) == 1
    assert (answers[0].Rows, answers[0].NumberOfFrames) == (240, 30)
    assert answers[0].SOPClassUID == header.SOPClassUID
    assert "AcquisitionDate" in answers[0]


def test_a_study_is_matched_by_the_modalities_of_its_series(
    archive: Archive, samples: dict[str, Path]
) -> None:
    archive.add(list(samples.values()))

    answers, _ = ask(
        archive, STUDY_ROOT, QueryRetrieveLevel="STUDY", ModalitiesInStudy="MR", PatientID=""
    )

    assert sorted(answer.PatientID for answer in answers) == ["4MR1", "5MR2"]


def test_what_is_stored_survives_a_restart(tmp_path: Path, samples: dict[str, Path]) -> None:
    with Archive(tmp_path) as first:
        first.add([samples["CT_small.dcm"]])

    with Archive(tmp_path) as second:
        found = [event.study for event in DimseSource(second.node).find(Query())]

    assert [study.identity.patient_id for study in found if study] == ["1CT1"]


def test_the_same_object_again_is_success_and_another_under_its_uid_is_refused(
    archive: Archive, samples: dict[str, Path], tmp_path: Path
) -> None:
    source = DimseSource(archive.node)
    changed = dcmread(samples["CT_small.dcm"])
    changed.PatientName = "Somebody^Else"
    changed.save_as(tmp_path / "changed.dcm")

    outcomes = [
        *source.store([samples["CT_small.dcm"]]),
        *source.store([samples["CT_small.dcm"]]),
        *source.store([tmp_path / "changed.dcm"]),
    ]

    assert [one.status for one in outcomes] == [0, 0, 0x0111]
    assert "another object with the same UID" in outcomes[2].problem
    kept = [event.study for event in source.find(Query())]
    assert [study.patient_name for study in kept if study] == ["CompressedSamples^CT1"]


def test_an_object_that_a_crash_kept_out_of_the_index_is_entered_when_it_comes_again(
    samples: dict[str, Path], tmp_path: Path
) -> None:
    with Archive(tmp_path) as archive:
        archive.add([samples["CT_small.dcm"]])
    for file in tmp_path.glob("archive.sqlite*"):
        file.unlink()

    with Archive(tmp_path) as archive:
        source = DimseSource(archive.node)
        assert list(source.find(Query())) == []
        assert [one.status for one in source.store([samples["CT_small.dcm"]])] == [0]

        assert [event.count for event in source.find(Query())] == [1]


def test_a_full_disk_is_answered_as_out_of_resources(
    archive: Archive, samples: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dicom_io.pacs.archive.write_object", full)

    (outcome,) = DimseSource(archive.node).store([samples["CT_small.dcm"]])

    assert outcome.status == 0xA700


def test_a_file_that_is_no_object_is_not_added(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear colleague")

    with pytest.raises(NotDicom, match=r"letter\.txt"):
        archive.add([path])


def test_a_wrong_called_title_is_refused(archive: Archive) -> None:
    node = archive.node

    with pytest.raises(NodeRefused, match="not called OTHER"):
        DimseSource(Node("x", "OTHER", node.host, node.port)).echo()


def test_a_port_in_use_is_told_in_a_sentence(archive: Archive, tmp_path: Path) -> None:
    second = Archive(tmp_path / "second", port=archive.node.port)

    with pytest.raises(StorageProblem, match="cannot listen on port"):
        second.start()
    second.stop()


def test_an_index_of_a_later_version_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "archive.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(FormatTooNew, match="later Wetread"):
        Archive(tmp_path).start()


def test_a_pdu_that_claims_four_gigabytes_closes_the_connection(archive: Archive) -> None:
    node = archive.node
    with socket.create_connection((node.host, node.port), timeout=5) as connection:
        connection.sendall(struct.pack(">BBI", 1, 0, 0xFFFFFFFF) + b"\0" * 4096)

        closed = BytesIO()
        while piece := receive(connection):
            closed.write(piece)

    assert len(closed.getvalue()) < 1000  # at most an abort
    assert DimseSource(node).echo() > 0


def receive(connection: socket.socket) -> bytes:
    """What comes, b"" once the peer has closed."""
    try:
        return connection.recv(4096)
    except ConnectionResetError:
        return b""


def test_silent_connections_do_not_lock_others_out(archive: Archive) -> None:
    node = archive.node
    silent = [socket.create_connection((node.host, node.port), timeout=5) for _ in range(4)]

    try:
        assert DimseSource(node).echo() > 0
    finally:
        for connection in silent:
            connection.close()


def test_dcmtk_finds_stores_and_gets(
    archive: Archive, samples: dict[str, Path], tmp_path: Path
) -> None:
    if shutil.which("getscu") is None:
        pytest.skip("getscu is not installed: apt-get install dcmtk")
    node, film = archive.node, samples["CT_small.dcm"]
    study = dcmread(film, stop_before_pixels=True).StudyInstanceUID
    peer = ["-aec", node.aet, node.host, str(node.port)]
    keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study}"]

    subprocess.run(["storescu", *peer, str(film)], check=True, timeout=20)
    found = subprocess.run(
        ["findscu", "-S", *peer, *keys, "-k", "PatientName"],
        check=True,
        timeout=20,
        capture_output=True,
    )
    subprocess.run(["getscu", "-S", *peer, *keys, "-od", str(tmp_path)], check=True, timeout=20)

    assert b"CompressedSamples^CT1" in found.stdout + found.stderr
    await_true(lambda: any(tmp_path.iterdir()), "getscu's file")
    got = dcmread(next(tmp_path.glob("CT*")))
    assert got.PixelData == dcmread(film).PixelData


@pytest.mark.parametrize(
    ("modality", "sop_class"),
    [
        ("SM", "1.2.840.10008.5.1.4.1.1.77.1.6"),  # a slide
        ("GM", "1.2.840.10008.5.1.4.1.1.77.1.2"),  # a photograph through a microscope
        ("OP", "1.2.840.10008.5.1.4.1.1.77.1.5.1"),  # of an eye
        ("XC", "1.2.840.10008.5.1.4.1.1.77.1.7"),  # of skin
        ("IO", "1.2.840.10008.5.1.4.1.1.1.3"),  # of teeth
        ("PR", "1.2.840.10008.5.1.4.1.1.11.3"),  # a state in false colours
    ],
)
def test_pictures_of_other_kinds_arrive_too(
    archive: Archive, samples: dict[str, Path], tmp_path: Path, modality: str, sop_class: str
) -> None:
    picture = dcmread(samples["CT_small.dcm"])
    picture.SOPClassUID = picture.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    picture.Modality = modality
    picture.save_as(tmp_path / "picture.dcm")
    source = DimseSource(archive.node)
    assert [one.status for one in source.store([tmp_path / "picture.dcm"])] == [0]

    (event,) = source.fetch(str(picture.StudyInstanceUID), tmp_path / "here")

    assert (event.completed, event.failed) == (1, 0)
