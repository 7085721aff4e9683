"""What is scheduled, asked of DCMTK's wlmscpfs and of Orthanc's worklist plug-in."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from dicom_io.errors import NodeRefused, NodeUnreachable
from dicom_io.pacs.modality_worklist import ScheduledStep, Wish, scheduled, steps_of
from dicom_io.pacs.node import Node
from tests.servers import Server, accepts, await_true, free_port, start_orthanc, stop
from tests.servers import _run as run_process

PLUGIN = Path("/usr/share/orthanc/plugins/libModalityWorklists.so")
STEPS = (  # name, ID, accession, modality, station, date, time, description
    ("Müller^Jörg", "4711", "A100", "CR", "XRAY1", "20261201", "0800", "Chest pa"),
    ("Curie^Marie", "4712", "A101", "CT", "CT1", "20261201", "093000", "CT chest"),
    ("Böhm^Ida", "4713", "A102", "MR", "MR1", "20261202", "1000", "MR brain"),
    ("山田^太郎", "4714", "A103", "CR", "XRAY1", "20261203", "1100", "Chest lateral"),
)


def entry(number: int, row: tuple[str, ...]) -> Dataset:
    """One file of a worklist."""
    name, patient, accession, modality, station, date, time, description = row
    step = Dataset()
    step.Modality = modality
    step.ScheduledStationAETitle = station
    step.ScheduledProcedureStepStartDate = date
    step.ScheduledProcedureStepStartTime = time
    step.ScheduledPerformingPhysicianName = "Roentgen^W"
    step.ScheduledProcedureStepDescription = description
    step.ScheduledProcedureStepID = f"S{number}"
    found = Dataset()
    found.SpecificCharacterSet = "ISO_IR 192"
    found.AccessionNumber = accession
    found.PatientName = name
    found.PatientID = patient
    found.PatientBirthDate = "19700101"
    found.PatientSex = "O"
    found.StudyInstanceUID = f"1.2.826.0.1.3680043.10.1.{number}"
    found.RequestedProcedureID = f"P{number}"
    found.RequestedProcedureDescription = "Requested"
    found.ScheduledProcedureStepSequence = Sequence([step])
    return found


def write_list(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "lockfile").touch()
    for number, row in enumerate(STEPS, 1):
        found = entry(number, row)
        found.file_meta = FileMetaDataset()
        found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        found.file_meta.MediaStorageSOPClassUID = UID("1.2.276.0.7230010.3.1.0.1")
        found.file_meta.MediaStorageSOPInstanceUID = UID(f"1.2.3.{number}")
        found.save_as(folder / f"step{number}.wl", enforce_file_format=True)


@pytest.fixture(params=["wlmscpfs", "Orthanc"])
def ris(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Node]:
    """A worklist of four steps, from one program and from the other."""
    if request.param == "Orthanc":
        if not PLUGIN.is_file():
            pytest.skip("Orthanc's worklist plug-in is not installed: apt-get install orthanc")
        write_list(tmp_path / "lists")
        server: Server = start_orthanc(
            tmp_path / "orthanc",
            Plugins=[str(PLUGIN)],
            Worklists={"Enable": True, "Database": str(tmp_path / "lists")},
            DicomAlwaysAllowFindWorklist=True,
        )
        node, process = server.node, server.process
    else:
        program = shutil.which("wlmscpfs")
        if program is None:
            pytest.skip("wlmscpfs is not installed: apt-get install dcmtk")
        aet, port = f"W{secrets.token_hex(7).upper()}", free_port()
        write_list(tmp_path / "lists" / aet)
        command = [program, "-s", "-csk", "-dfp", str(tmp_path / "lists"), str(port)]
        process = run_process(command, tmp_path)
        await_true(lambda: accepts(port), "wlmscpfs to listen")
        node = Node("ris", aet, "127.0.0.1", port)
    yield node
    stop(process)


def accessions(node: Node, wish: Wish) -> list[str]:
    return sorted(step.accession for step in scheduled(node, wish))


def test_all_steps_come_with_who_what_when_and_where(ris: Node) -> None:
    steps = {step.accession: step for step in scheduled(ris, Wish())}

    assert sorted(steps) == ["A100", "A101", "A102", "A103"]
    first = steps["A100"]
    assert isinstance(first, ScheduledStep)
    assert (first.patient_name, first.identity.patient_id) == ("Müller^Jörg", "4711")
    assert (first.modality, first.station, first.date) == ("CR", "XRAY1", "20261201")
    assert (first.description, first.procedure) == ("Chest pa", "P1")
    assert first.physician == "Roentgen^W"
    assert first.identity.study == "1.2.826.0.1.3680043.10.1.1"
    assert steps["A103"].patient_name == "山田^太郎"


@pytest.mark.parametrize(
    ("wish", "wanted"),
    [
        (Wish(date="20261201"), ["A100", "A101"]),
        (Wish(date="20261202-"), ["A102", "A103"]),
        (Wish(modality="CR"), ["A100", "A103"]),
        (Wish(modality="CR", date="20261203"), ["A103"]),
        (Wish(station="CT1"), ["A101"]),
        (Wish(text="müller"), ["A100"]),
        (Wish(text="4713"), ["A102"]),
        (Wish(text="a10"), []),  # numbers are matched as written, as the archives do
        (Wish(text="A10"), ["A100", "A101", "A102", "A103"]),
        (Wish(text="nobody"), []),
    ],
)
def test_a_wish_leaves_what_was_asked_for(ris: Node, wish: Wish, wanted: list[str]) -> None:
    assert accessions(ris, wish) == wanted


def test_the_limit_ends_the_search(ris: Node) -> None:
    assert len(list(scheduled(ris, Wish(limit=2)))) == 2


def test_a_node_without_a_worklist_is_told_in_one_sentence(orthanc: Server) -> None:
    with pytest.raises(NodeRefused, match="services|modality worklist"):
        list(scheduled(orthanc.node, Wish()))


def test_nothing_there_is_told_in_one_sentence() -> None:
    with pytest.raises(NodeUnreachable, match="Nothing answers"):
        list(scheduled(Node("ris", "RIS", "127.0.0.1", free_port()), Wish()))


def test_an_answer_without_a_step_is_none() -> None:
    empty = Dataset()
    empty.PatientName = "Curie^Marie"

    assert list(steps_of(empty)) == []


def test_the_requested_procedure_stands_in_for_a_step_without_words() -> None:
    (step,) = steps_of(entry(1, ("A^B", "1", "A1", "CR", "X", "20261201", "0800", "")))

    assert step.description == "Requested"
