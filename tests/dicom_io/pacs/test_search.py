"""Searching at real archives: whatever they make of a query, the reader sees what matches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom import dcmread

from dicom_io.identity import Identity
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.source import Query
from dicom_io.study import Study
from tests.servers import Server, start_dcmqrscp, stop

CHARSETS = Path(pydicom.__file__).parent / "data" / "charset_files"
NAMED = (
    "chrGerm.dcm",
    "chrFren.dcm",
    "chrH31.dcm",
    "chrX1.dcm",
    "chrX2.dcm",
    "chrGreek.dcm",
    "chrRuss.dcm",
    "chrArab.dcm",
    "chrHbrw.dcm",
    "chrI2.dcm",
)


@pytest.fixture(scope="module")
def loaded(samples: dict[str, Path]) -> list[Path]:
    """What every archive of this file holds."""
    names = ("RG1_UNCR.dcm", "CT_small.dcm", "MR_small.dcm")
    return [*(samples[name] for name in names), *(CHARSETS / name for name in NAMED)]


@pytest.fixture(scope="module")
def our_archive(
    loaded: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DimseSource]:
    with Archive(tmp_path_factory.mktemp("archive")) as running:
        running.add(loaded)
        yield DimseSource(running.node)


@pytest.fixture(scope="module")
def orthanc_source(loaded: list[Path], orthanc_process: Server) -> DimseSource:
    orthanc_process.clear()
    orthanc_process.load(loaded)
    return orthanc_process.source


@pytest.fixture(scope="module")
def dcmqrscp_source(
    loaded: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DimseSource]:
    server = start_dcmqrscp(tmp_path_factory.mktemp("dcmqrscp"))
    server.load(loaded)
    yield server.source
    stop(server.process)


@pytest.fixture(params=["our_archive", "orthanc_source", "dcmqrscp_source"])
def source(request: pytest.FixtureRequest) -> DimseSource:
    chosen = request.getfixturevalue(request.param)
    assert isinstance(chosen, DimseSource)
    return chosen


@pytest.fixture(params=["our_archive", "orthanc_source"])
def modern_source(request: pytest.FixtureRequest) -> DimseSource:
    """An archive that reads names: dcmqrscp compares their bytes."""
    chosen = request.getfixturevalue(request.param)
    assert isinstance(chosen, DimseSource)
    return chosen


def studies(source: DimseSource, query: Query) -> list[Study]:
    """The studies of a search that must be complete."""
    events = list(source.find(query))
    assert all(event.study is not None for event in events), events
    return [event.study for event in events if event.study is not None]


def patients(source: DimseSource, query: Query) -> list[str]:
    return sorted(study.identity.patient_id for study in studies(source, query))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(date="2004"), ["1CT1", "4MR1", "9RG1"]),
        (Query(text="rg1"), ["9RG1"]),
        (Query(text="CompressedSamples^MR"), ["4MR1"]),
        (Query(text="a text that is longer than an accession number and than a patient's ID"), []),
        (Query(text="a\\b"), []),
        (Query(text="4mr"), ["4MR1"]),
        (Query(text="exam Number"), ["9RG1"]),
        (Query(text="nobody"), []),
        (Query(patient_name="Compressed*"), ["1CT1", "4MR1", "9RG1"]),
        (Query(patient_name="CompressedSamples^?T1"), ["1CT1"]),
        (Query(patient_id="9RG1"), ["9RG1"]),
        (Query(patient_id="9RG"), []),
        (Query(patient_id="x" * 65), []),
        (Query(accession="exam Number"), ["9RG1"]),
        (Query(date="20040826"), ["4MR1", "9RG1"]),
        (Query(date="20040101-20040825"), ["1CT1"]),
        (Query(date="someday"), []),
        (Query(modality="MR"), ["4MR1"]),
        (Query(text="ample", modality="CR", date="2004-"), ["9RG1"]),
        (Query(study="1.3.6.1.4.1.5962.1.2.9.20040826185059.5457"), ["9RG1"]),
        (Query(study="1.3.6.1.4.1.5962.1.2.9"), []),
    ],
    ids=repr,
)
def test_a_search_gives_exactly_what_matches(
    source: DimseSource, query: Query, expected: list[str]
) -> None:
    assert patients(source, query) == expected


def test_an_empty_search_gives_every_study_once(source: DimseSource, loaded: list[Path]) -> None:
    assert len(patients(source, Query())) == len(loaded)


def test_a_typed_text_is_found_in_any_case(modern_source: DimseSource) -> None:
    assert patients(modern_source, Query(text="cOMPRESSEDsAMPLES^mr")) == ["4MR1"]


def test_a_row_has_what_the_archive_knows(source: DimseSource) -> None:
    (study,) = studies(source, Query(text="9RG1"))

    uid = "1.3.6.1.4.1.5962.1.2.9.20040826185059.5457"
    assert study.identity == Identity("9RG1", "", uid)
    assert study.patient_name == "CompressedSamples^RG1"
    assert (study.date, study.birth_date, study.sex) == ("20040826", "19400305", "F")
    assert (study.description, study.accession) == ("THORAX", "exam Number")


@pytest.mark.parametrize(
    ("file", "typed"),
    [
        ("chrGerm.dcm", "äneas"),
        ("chrGerm.dcm", "RÜDIGER"),
        ("chrFren.dcm", "je\u0301ro\u0302me"),  # as macOS gives it: letters and accents apart
        ("chrH31.dcm", "山田"),
        ("chrH31.dcm", "yamada"),
        ("chrX1.dcm", "小東"),
        ("chrX2.dcm", "小东"),
        ("chrGreek.dcm", "Διονυσιος"),
        ("chrRuss.dcm", "Люк"),
        ("chrArab.dcm", "قباني"),
        ("chrHbrw.dcm", "דבורה"),
        ("chrI2.dcm", "洪"),
    ],
)
def test_a_name_in_any_script_is_found_and_shown_as_it_is(
    modern_source: DimseSource, file: str, typed: str
) -> None:
    found = studies(modern_source, Query(text=typed))

    name = str(dcmread(CHARSETS / file).PatientName)
    assert [study.patient_name for study in found] == [name]


def test_names_are_shown_as_they_are_whatever_encodes_the_answer(source: DimseSource) -> None:
    shown = {study.patient_name for study in studies(source, Query())}

    assert shown >= {str(dcmread(CHARSETS / name).PatientName) for name in NAMED}
