"""Finding, fetching and storing at real archives: ours, Orthanc (DICOMweb too) and dcmqrscp."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEG2000Lossless

from dicom_io.errors import Cancelled, NothingFound
from dicom_io.identity import Identity
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.connect import NodeSource
from dicom_io.pacs.dimse import DimseSource
from dicom_io.source import Fetched, Query
from dicom_io.study import Study
from tests.dicom_io.pacs.conftest import Pacs, Signed
from tests.servers import Server, start_orthanc, stop

CHARSETS = Path(pydicom.__file__).parent / "data" / "charset_files"


def studies(source: NodeSource, query: Query) -> list[Study]:
    """The studies of a search that must be complete."""
    events = list(source.find(query))
    assert all(event.study is not None for event in events), events
    return [event.study for event in events if event.study is not None]


def study_uid(path: Path) -> str:
    return str(dcmread(path, stop_before_pixels=True).StudyInstanceUID)


def test_an_echo_is_answered(pacs: Pacs) -> None:
    assert 0 < pacs.source.echo() < 5


def test_an_empty_archive_gives_no_studies(pacs: Pacs) -> None:
    assert studies(pacs.source, Query()) == []


def test_a_limit_says_that_the_list_is_incomplete(pacs: Pacs, samples: dict[str, Path]) -> None:
    pacs.load([samples[name] for name in ("RG1_UNCR.dcm", "CT_small.dcm", "MR_small.dcm")])

    events = list(pacs.source.find(Query(limit=2)))

    assert [event.study is not None for event in events] == [True, True, False]
    assert "More than 2" in events[-1].incomplete


def test_a_limit_that_is_just_reached_is_complete(pacs: Pacs, samples: dict[str, Path]) -> None:
    pacs.load([samples[name] for name in ("CT_small.dcm", "MR_small.dcm")])

    assert len(studies(pacs.source, Query(limit=2))) == 2


def test_an_answer_that_the_server_cuts_is_told(tmp_path: Path, samples: dict[str, Path]) -> None:
    server = start_orthanc(tmp_path, LimitFindResults=1)
    try:
        server.load([samples["CT_small.dcm"], samples["MR_small.dcm"]])

        events = list(server.source.find(Query()))
    finally:
        stop(server.process)

    assert [event.study is not None for event in events] == [True, False]
    assert "may lack studies" in events[-1].incomplete


def test_a_search_can_be_stopped(pacs: Pacs, samples: dict[str, Path]) -> None:
    pacs.load([samples["CT_small.dcm"], samples["MR_small.dcm"]])
    seen: list[object] = []
    events = pacs.source.find(Query(), stop=lambda: bool(seen))

    with pytest.raises(Cancelled):
        for event in events:
            seen.append(event)

    assert len(seen) == 1
    assert pacs.source.echo() > 0


def test_series_and_instances_are_listed(pacs: Pacs, samples: dict[str, Path]) -> None:
    pacs.load([samples["693_UNCI.dcm"], samples["CT_small.dcm"]])
    study = study_uid(samples["693_UNCI.dcm"])

    (series,) = pacs.source.series(study)
    (instance,) = pacs.source.instances(study, series.identity.series)

    header = dcmread(samples["693_UNCI.dcm"], stop_before_pixels=True)
    assert (series.modality, series.number) == ("CT", header.SeriesNumber)
    assert instance.identity.instance == header.SOPInstanceUID
    assert instance.sop_class in ("", header.SOPClassUID)  # dcmqrscp does not tell it


def test_a_fetched_object_is_the_stored_one(
    pacs: Pacs, samples: dict[str, Path], tmp_path: Path
) -> None:
    film = samples["RG1_UNCR.dcm"]
    pacs.load([film])

    events = list(pacs.source.fetch(study_uid(film), tmp_path / "here"))

    (event,) = events
    assert (event.completed, event.failed, event.remaining) == (1, 0, 0)
    assert event.identity == Identity.of(dcmread(film, stop_before_pixels=True))
    assert event.path is not None and event.bytes == event.path.stat().st_size
    fetched, sent = dcmread(event.path), dcmread(film)
    del sent[0xFFFC, 0xFFFC]  # trailing padding, which an archive may leave out
    if "DataSetTrailingPadding" in fetched:
        del fetched[0xFFFC, 0xFFFC]
    assert fetched == sent
    assert [path.name for path in (tmp_path / "here").iterdir()] == [event.path.name]


@pytest.mark.parametrize(
    "name", ["RG3_J2KR.dcm", "examples_ybr_color.dcm", "OBXXXX1A_rle.dcm", "eCT_Supplemental.dcm"]
)
@pytest.mark.parametrize("kind", ["archive", "orthanc"])
def test_an_object_arrives_in_the_transfer_syntax_in_which_it_is_stored(
    kind: str, name: str, request: pytest.FixtureRequest, samples: dict[str, Path], tmp_path: Path
) -> None:
    source = DimseSource(request.getfixturevalue(kind).node)
    assert [one.status for one in source.store([samples[name]])] == [0]

    (event,) = source.fetch(study_uid(samples[name]), tmp_path)

    assert event.path is not None
    sent, fetched = dcmread(samples[name]), dcmread(event.path)
    assert fetched.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID
    assert fetched.PixelData == sent.PixelData


@pytest.fixture
def mixed_study(samples: dict[str, Path], tmp_path: Path) -> list[Path]:
    """One study of four series: CT in two syntaxes, a report, a presentation state, raw data."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    study = study_uid(samples["693_J2KR.dcm"])
    paths = [samples["693_J2KR.dcm"], samples["693_UNCI.dcm"]]
    classes = {
        "SR": "1.2.840.10008.5.1.4.1.1.88.11",
        "PR": "1.2.840.10008.5.1.4.1.1.11.1",
        "OT": "1.2.840.10008.5.1.4.1.1.66",  # raw data: a class that nobody displays
    }
    for number, (modality, sop_class) in enumerate(classes.items(), start=1):
        dataset = Dataset()
        dataset.SOPClassUID = sop_class
        dataset.SOPInstanceUID = f"2.25.{number}1"
        dataset.StudyInstanceUID = study
        dataset.SeriesInstanceUID = f"2.25.{number}"
        dataset.SeriesNumber = 100 + number
        dataset.InstanceNumber = 1
        dataset.Modality = modality
        dataset.PatientID = "CQ500-CT-310"
        dataset.PatientName = "CQ500-CT-310"
        dataset.file_meta = pydicom.dataset.FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        paths.append(folder / f"{modality}.dcm")
        dataset.save_as(paths[-1], enforce_file_format=True)
    return paths


@pytest.mark.parametrize("kind", ["archive", "orthanc"])
def test_a_study_of_many_kinds_arrives_whole(
    kind: str, request: pytest.FixtureRequest, mixed_study: list[Path], tmp_path: Path
) -> None:
    source = DimseSource(request.getfixturevalue(kind).node)
    assert {one.status for one in source.store(mixed_study)} == {0}

    events = list(source.fetch(study_uid(mixed_study[0]), tmp_path / "here"))

    assert [event.completed for event in events] == [1, 2, 3, 4, 5]
    assert [event.remaining for event in events] == [4, 3, 2, 1, 0]
    assert {event.failed for event in events} == {0}
    assert {event.identity.instance for event in events} == {
        str(dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in mixed_study
    }


def test_dcmqrscp_gives_objects_whose_class_it_does_not_tell(
    dcmqrscp: Server, mixed_study: list[Path], tmp_path: Path
) -> None:
    dcmqrscp.load(mixed_study[1:])

    events = list(dcmqrscp.source.fetch(study_uid(mixed_study[0]), tmp_path / "here"))

    assert [(event.completed, event.failed) for event in events][-1] == (4, 0)


def test_only_the_wanted_instance_is_fetched(
    pacs: Pacs, samples: dict[str, Path], tmp_path: Path, mixed_study: list[Path]
) -> None:
    pacs.load([samples["693_UNCI.dcm"], mixed_study[2]])
    wanted = Identity.of(dcmread(mixed_study[2]))

    (event,) = pacs.source.fetch(wanted.study, tmp_path / "here", instances=[wanted])

    assert event.identity == wanted
    assert event.path is not None and dcmread(event.path).Modality == "SR"


def test_a_wanted_instance_that_is_not_there_is_told(
    pacs: Pacs, samples: dict[str, Path], tmp_path: Path
) -> None:
    pacs.load([samples["693_UNCI.dcm"]])
    there = Identity.of(dcmread(samples["693_UNCI.dcm"]))
    missing = Identity("p", "", there.study, there.series, "1.2.3.4")

    events = list(pacs.source.fetch(there.study, tmp_path / "x", instances=[there, missing]))

    assert [(event.path is None, event.failed) for event in events] == [(True, 1), (False, 1)]
    assert "does not hold this object" in events[0].problem


def test_an_unknown_study_is_told_in_a_sentence(pacs: Pacs, tmp_path: Path) -> None:
    with pytest.raises(NothingFound, match="Search again"):
        list(pacs.source.fetch("1.2.3.4.5", tmp_path / "here"))

    assert not (tmp_path / "here").exists()


def test_a_stopped_retrieval_leaves_no_part_of_a_file(
    archive: Archive, samples: dict[str, Path], tmp_path: Path
) -> None:
    archive.add([*many_slices(samples["693_UNCI.dcm"], tmp_path / "slices", 30)])
    source = DimseSource(archive.node)
    into = tmp_path / "here"
    arrived: list[Fetched] = []

    with pytest.raises(Cancelled):
        for event in source.fetch(study_uid(samples["693_UNCI.dcm"]), into, lambda: bool(arrived)):
            arrived.append(event)
    left = sorted(into.iterdir())

    assert 1 <= len(left) < 30
    assert all(dcmread(path).PixelData for path in left)
    assert not list(into.glob(".*"))
    assert sorted(into.iterdir()) == left


def many_slices(path: Path, folder: Path, count: int) -> Iterator[Path]:
    """`count` objects of one series."""
    folder.mkdir()
    dataset = dcmread(path)
    for number in range(count):
        dataset.SOPInstanceUID = UID(f"2.25.{number + 1}")
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.InstanceNumber = number + 1
        dataset.save_as(folder / f"{number}.dcm")
        yield folder / f"{number}.dcm"


def test_the_first_event_comes_while_the_rest_is_under_way(
    archive: Archive, samples: dict[str, Path], tmp_path: Path
) -> None:
    archive.add([*many_slices(samples["693_UNCI.dcm"], tmp_path / "slices", 20)])
    into = tmp_path / "here"

    events = DimseSource(archive.node).fetch(study_uid(samples["693_UNCI.dcm"]), into)
    first = next(events)
    rest = list(events)

    assert first.path is not None and first.path.exists()
    assert (first.completed, first.remaining) == (1, 19)
    assert rest[-1].completed == 20


def test_a_signed_report_is_stored_and_comes_back_equal(
    pacs: Pacs, samples: dict[str, Path], signed_report: Signed, tmp_path: Path
) -> None:
    report = signed_report(samples["CT_small.dcm"])
    report.save_as(tmp_path / "report.dcm", enforce_file_format=True)

    (outcome,) = pacs.source.store([tmp_path / "report.dcm"])
    (event,) = pacs.source.fetch(report.StudyInstanceUID, tmp_path / "back")

    assert (outcome.status, outcome.problem, outcome.uid) == (0, "", report.SOPInstanceUID)
    assert event.path is not None
    assert dcmread(event.path) == dcmread(tmp_path / "report.dcm")


def test_each_file_has_its_outcome_in_the_order_given(
    pacs: Pacs, samples: dict[str, Path], tmp_path: Path
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear colleague")
    paths = [samples["CT_small.dcm"], letter, samples["MR_small.dcm"]]

    outcomes = list(pacs.source.store(paths))

    assert [one.path for one in outcomes] == paths
    assert [one.status for one in outcomes] == [0, 0xC000, 0]
    assert outcomes[1].problem == "letter.txt cannot be sent: it is no DICOM file."


def test_a_transfer_syntax_that_a_node_refuses_is_named(
    dcmqrscp: Server, samples: dict[str, Path]
) -> None:
    outcomes = list(dcmqrscp.source.store([samples["RG3_J2KR.dcm"], samples["CT_small.dcm"]]))

    assert [one.status for one in outcomes] == [0x0122, 0]
    assert JPEG2000Lossless.name in outcomes[0].problem


def test_nothing_but_unusable_files_needs_no_connection(tmp_path: Path) -> None:
    from dicom_io.pacs.node import parse_node

    (outcome,) = DimseSource(parse_node("X@127.0.0.1:1")).store([tmp_path / "missing.dcm"])

    assert outcome.status == 0xC000
    assert "missing.dcm cannot be sent" in outcome.problem
