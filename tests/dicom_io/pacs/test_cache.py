"""Fetched studies are on disk, listed, and private."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from dicom_io.errors import FormatTooNew, FormatUnreadable, NothingFound
from dicom_io.identity import Identity
from dicom_io.pacs import index as index_module
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.cache import Cache
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.index import Index, ReportStatus
from dicom_io.storage import DataRoot
from tests.dicom_io.pacs.conftest import Signed


@pytest.fixture
def root_folder(tmp_path: Path) -> DataRoot:
    return DataRoot(tmp_path / "root")


@pytest.fixture
def cache(root_folder: DataRoot) -> Iterator[Cache]:
    opened = Cache(root_folder)
    yield opened
    opened.close()


@pytest.fixture
def source(archive: Archive, samples: dict[str, Path]) -> DimseSource:
    archive.add([samples["693_UNCI.dcm"], samples["693_J2KR.dcm"], samples["CT_small.dcm"]])
    return DimseSource(archive.node)


def identity_of(path: Path) -> Identity:
    return Identity.of(dcmread(path, stop_before_pixels=True))


def test_a_fetched_study_is_listed_with_its_series_and_files(
    cache: Cache, source: DimseSource, samples: dict[str, Path]
) -> None:
    wanted = identity_of(samples["693_UNCI.dcm"])

    events = list(cache.fetch(source, wanted.study))

    assert events[-1].completed == 2
    (study,) = cache.studies()
    assert (study.identity, study.instance_count) == (wanted.of_study(), 2)
    (series,) = cache.series(wanted.study)
    assert (series.modality, series.instance_count) == ("CT", 2)
    assert {one.identity.instance for one in cache.instances(wanted.study)} == {
        event.identity.instance for event in events
    }
    assert set(cache.files(wanted.study)) == {event.path for event in events}
    assert dcmread(cache.file(wanted)).PixelData == dcmread(samples["693_UNCI.dcm"]).PixelData


def test_each_object_is_listed_before_its_event_is_seen(
    cache: Cache, source: DimseSource, samples: dict[str, Path]
) -> None:
    study = identity_of(samples["693_UNCI.dcm"]).study

    for event in cache.fetch(source, study):
        assert len(cache.files(study)) == event.completed


def test_a_study_fetched_twice_is_listed_once(
    cache: Cache, source: DimseSource, samples: dict[str, Path]
) -> None:
    study = identity_of(samples["CT_small.dcm"]).study

    for _ in range(2):
        list(cache.fetch(source, study))

    assert len(cache.studies()) == len(cache.files(study)) == 1


def test_a_report_beside_the_images_shows_in_the_modalities(
    cache: Cache, source: DimseSource, samples: dict[str, Path], signed_report: Signed
) -> None:
    study = identity_of(samples["CT_small.dcm"]).study
    list(cache.fetch(source, study))
    path = cache.study_folder(study) / "report.dcm"
    signed_report(samples["CT_small.dcm"]).save_as(path, enforce_file_format=True)

    cache.add(path)

    assert cache.study(study).modalities == ("CT", "SR")
    assert [one.modality for one in cache.series(study)] == ["CT", "SR"]


def test_the_cache_survives_a_restart_and_is_its_owners_alone(
    cache: Cache, source: DimseSource, samples: dict[str, Path], root_folder: DataRoot
) -> None:
    study = identity_of(samples["CT_small.dcm"]).study
    list(cache.fetch(source, study))
    cache.set_report(study, ReportStatus.NOT_STORED, "Demo^Reader")
    cache.close()

    again = Cache(root_folder)

    (file,) = again.files(study)
    assert again.report(study) is ReportStatus.NOT_STORED
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    again.close()


def test_no_path_of_the_cache_tells_whose_study_it_is(
    cache: Cache, source: DimseSource, samples: dict[str, Path]
) -> None:
    identity = identity_of(samples["CT_small.dcm"])
    list(cache.fetch(source, identity.study))

    (file,) = cache.files(identity.study)

    for secret in (identity.patient_id, identity.study, identity.instance, "Compressed"):
        assert secret not in str(file.relative_to(cache.study_folder("x").parent))


def test_a_reports_state_outlives_a_new_fetch(
    cache: Cache, source: DimseSource, samples: dict[str, Path]
) -> None:
    study = identity_of(samples["CT_small.dcm"]).study
    list(cache.fetch(source, study))
    cache.set_report(study, ReportStatus.DRAFT)

    list(cache.fetch(source, study))

    assert cache.report(study) is ReportStatus.DRAFT


def test_a_removed_study_leaves_nothing(
    cache: Cache, source: DimseSource, samples: dict[str, Path]
) -> None:
    study = identity_of(samples["CT_small.dcm"]).study
    list(cache.fetch(source, study))
    (file,) = cache.files(study)

    cache.remove(study)

    assert not file.exists()
    assert cache.studies() == ()
    assert cache.series(study) == ()
    with pytest.raises(NothingFound, match="Fetch it first"):
        cache.files(study)


def test_what_is_not_here_is_told(cache: Cache) -> None:
    with pytest.raises(NothingFound, match="not on this workstation"):
        cache.study("1.2.3")
    with pytest.raises(NothingFound, match="not on this workstation"):
        cache.file(Identity("p", "", "1.2.3", "1.2.3.4", "1.2.3.4.5"))
    assert cache.report("1.2.3") is ReportStatus.NONE


def test_an_index_of_a_later_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    Index(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(FormatTooNew, match="version 99"):
        Index(path)
    assert path.read_bytes() == before


def test_an_index_of_an_older_version_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "index.sqlite"
    Index(path).close()

    def second(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE studies ADD COLUMN comment TEXT")

    monkeypatch.setattr(index_module, "MIGRATIONS", {**index_module.MIGRATIONS, 1: second})
    monkeypatch.setattr(index_module, "VERSION", 2)
    Index(path).close()

    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    assert "comment" in [row[1] for row in connection.execute("PRAGMA table_info(studies)")]
    connection.close()


def test_a_damaged_index_is_told(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    path.write_bytes(b"This is no database, but a long enough text to look like one. " * 30)

    with pytest.raises(FormatUnreadable, match="damaged"):
        Index(path)
