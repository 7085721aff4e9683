"""A plain folder is a source like any other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pydicom import dcmread

from dicom_io.errors import Cancelled, NothingFound, StorageProblem
from dicom_io.identity import Identity
from dicom_io.pacs.folder import FolderSource
from dicom_io.source import Query, Source


@pytest.fixture
def folder(samples: dict[str, Path], tmp_path: Path) -> Path:
    """A folder with two studies in three files, and two files that are no DICOM."""
    place = tmp_path / "films"
    (place / "deep" / "er").mkdir(parents=True)
    shutil.copy(samples["CT_small.dcm"], place / "a.dcm")
    shutil.copy(samples["693_J2KR.dcm"], place / "deep" / "b")
    shutil.copy(samples["693_UNCI.dcm"], place / "deep" / "er" / "c.dcm")
    (place / "letter.txt").write_text("Dear colleague")
    (place / "cut.dcm").write_bytes(samples["CT_small.dcm"].read_bytes()[:140])
    return place


def test_it_is_a_source(folder: Path) -> None:
    source: Source = FolderSource(folder)

    assert source.name == str(folder)


def test_studies_are_found_at_any_depth_with_their_counts(folder: Path) -> None:
    found = [event.study for event in FolderSource(folder).find(Query()) if event.study]

    assert {(one.identity.patient_id, one.series_count, one.instance_count) for one in found} == {
        ("1CT1", 1, 1),
        ("CQ500-CT-310", 1, 2),
    }


def test_a_query_is_heeded(folder: Path) -> None:
    source = FolderSource(folder)

    assert [event.count for event in source.find(Query(text="cq500"))] == [1]
    assert list(source.find(Query(modality="MR"))) == []


def test_a_limit_says_that_the_list_is_incomplete(folder: Path) -> None:
    events = list(FolderSource(folder).find(Query(limit=1)))

    assert [event.study is not None for event in events] == [True, False]
    assert "More than 1" in events[-1].incomplete


def test_a_study_is_copied_file_by_file(
    folder: Path, samples: dict[str, Path], tmp_path: Path
) -> None:
    identity = Identity.of(dcmread(samples["693_UNCI.dcm"], stop_before_pixels=True))

    events = list(FolderSource(folder).fetch(identity.study, tmp_path / "here"))

    assert [(event.completed, event.remaining) for event in events] == [(1, 1), (2, 0)]
    contents = {event.path.read_bytes() for event in events if event.path}
    assert contents == {samples[name].read_bytes() for name in ("693_UNCI.dcm", "693_J2KR.dcm")}


def test_only_the_wanted_instance_is_copied(
    folder: Path, samples: dict[str, Path], tmp_path: Path
) -> None:
    wanted = Identity.of(dcmread(samples["693_UNCI.dcm"], stop_before_pixels=True))

    (event,) = FolderSource(folder).fetch(wanted.study, tmp_path / "here", instances=[wanted])

    assert event.identity == wanted


def test_an_unknown_study_is_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NothingFound, match="holds no such study"):
        list(FolderSource(folder).fetch("1.2.3", tmp_path / "here"))


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageProblem, match="does not exist"):
        list(FolderSource(tmp_path / "nowhere").find(Query()))


def test_a_search_and_a_copy_can_be_stopped(folder: Path, tmp_path: Path) -> None:
    source = FolderSource(folder)

    with pytest.raises(Cancelled):
        list(source.find(Query(), stop=lambda: True))
    with pytest.raises(Cancelled):
        list(source.fetch("1.2.3", tmp_path, stop=lambda: True))


def test_a_stored_file_is_found_again_and_another_under_its_uid_is_refused(
    folder: Path, samples: dict[str, Path], tmp_path: Path
) -> None:
    source = FolderSource(folder)
    changed = dcmread(samples["MR_small.dcm"])
    changed.PatientName = "Somebody^Else"
    changed.save_as(tmp_path / "changed.dcm")
    letter = folder / "letter.txt"

    outcomes = list(
        source.store(
            [samples["MR_small.dcm"], samples["MR_small.dcm"], tmp_path / "changed.dcm", letter]
        )
    )

    assert [one.status for one in outcomes] == [0, 0, 0x0111, 0xC000]
    assert [event.count for event in source.find(Query(patient_id="4MR1"))] == [1]


def test_a_changed_file_is_read_again(folder: Path) -> None:
    source = FolderSource(folder)
    list(source.find(Query()))
    changed = dcmread(folder / "a.dcm")
    changed.PatientID = "RENAMED-PATIENT"
    changed.save_as(folder / "a.dcm")

    assert [event.count for event in source.find(Query(patient_id="RENAMED-PATIENT"))] == [1]
