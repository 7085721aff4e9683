"""The network is cut at random moments: nothing is lost, doubled, or shown as done that is not."""

from __future__ import annotations

import contextlib
import os
import random
from collections import Counter
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from dicom_io.errors import NodeProblem, NothingFound
from dicom_io.identity import Identity
from dicom_io.pacs import commitment
from dicom_io.pacs import outbox as outbox_module
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.outbox import Outbox
from dicom_io.report.header import new_uid
from dicom_io.source import Query
from tests.cutting import Cutting, cutting
from tests.dicom_io.pacs.conftest import Signed

# Of each, retrieval and sending; WETREAD_CUTS=100 makes the 200 that were counted for the docs.
CUTS = int(os.environ.get("WETREAD_CUTS", "20"))
OBJECTS = 24


@pytest.fixture
def instances(samples: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    """A study of small objects in two series, by UID."""
    made: dict[str, Path] = {}
    (tmp_path / "film").mkdir()
    film, series = dcmread(samples["CT_small.dcm"]), [new_uid(), new_uid()]
    film.Rows, film.Columns, film.PixelData = 16, 16, film.PixelData[:512]
    for number in range(OBJECTS):
        film.SeriesInstanceUID = series[number % 2]
        film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = new_uid()
        film.InstanceNumber = number
        path = tmp_path / "film" / f"{number}.dcm"
        film.save_as(path, enforce_file_format=True)
        made[str(film.SOPInstanceUID)] = path
    return made


def held(folder: Path) -> dict[str, Dataset]:
    """What lies in a folder, by UID; each file must be whole."""
    found = [dcmread(path) for path in folder.iterdir() if path.is_file()]
    return {str(one.SOPInstanceUID): one for one in found}


def missing(instances: dict[str, Path], folder: Path) -> list[Identity]:
    there = held(folder)
    return [
        Identity.of(dcmread(path, stop_before_pixels=True))
        for uid, path in instances.items()
        if uid not in there
    ]


def fetch(source: DimseSource, wanted: list[Identity], folder: Path) -> list[str]:
    """UIDs that arrived, until the connection was cut."""
    came: list[str] = []
    with contextlib.suppress(NodeProblem, NothingFound):
        for event in source.fetch(wanted[0].study, folder, instances=wanted):
            if event.path is not None:
                came.append(event.identity.instance)
    return came


def test_a_retrieval_that_is_cut_goes_on_with_what_is_missing(
    archive: Archive, instances: dict[str, Path], tmp_path: Path
) -> None:
    archive.add(list(instances.values()))
    chance, cuts, rounds = random.Random(7), 0, 0

    with cutting(archive.node) as relay:
        source = DimseSource(relay.node)
        while cuts < CUTS:
            rounds += 1
            folder = tmp_path / f"round-{rounds}"
            folder.mkdir()
            came: Counter[str] = Counter()
            while wanted := missing(instances, folder):
                relay.limit = chance.randrange(500, 60_000)
                came.update(fetch(source, wanted, folder))
                cuts += relay.passed > relay.limit
            assert max(came.values()) == 1  # nothing twice
            assert set(held(folder)) == set(instances)

    last = held(folder)
    assert all(last[uid] == dcmread(path) for uid, path in instances.items())
    assert len(list(folder.iterdir())) == OBJECTS  # no part of a file is left


def test_a_sending_that_is_cut_is_never_shown_as_done_and_ends_once(
    archive: Archive,
    samples: dict[str, Path],
    signed_report: Signed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commitment, "SAME", 0.3)
    monkeypatch.setattr(outbox_module, "PATIENCE", 0.0)
    outbox, chance, cuts = Outbox(tmp_path / "outbox"), random.Random(9), 0
    report, kept = signed_report(samples["CT_small.dcm"]), 0
    direct = DimseSource(archive.node)

    with cutting(archive.node) as relay:
        source = DimseSource(relay.node)
        while cuts < CUTS:
            report.SOPInstanceUID = report.file_meta.MediaStorageSOPInstanceUID = new_uid()
            item = outbox.put(report, Identity.of(report), archive.node)
            kept += 1
            for _ in range(4):
                relay.limit = chance.randrange(100, 12_000)
                *_, item = outbox.deliver(item, source)
                cuts += relay.passed > relay.limit
                if item.is_stored:
                    assert item.uid in in_archive(direct, item.identity)
                else:
                    assert item.problem and item in outbox.waiting()
            *_, item = outbox.deliver(item, direct)
            assert item.is_stored

    uids = in_archive(direct, item.identity)
    assert len(uids) == len(set(uids)) == kept
    assert {one.uid for one in outbox.items()} == set(uids)
    assert len([found for found in direct.find(Query()) if found.study]) == 1


def in_archive(source: DimseSource, identity: Identity) -> list[str]:
    return [
        one.identity.instance
        for series in source.series(identity.study)
        for one in source.instances(identity.study, series.identity.series)
    ]


def test_a_pulled_cable_ends_in_a_sentence_and_a_waiting_item(
    archive: Archive, samples: dict[str, Path], signed_report: Signed, tmp_path: Path
) -> None:
    report = signed_report(samples["CT_small.dcm"])
    outbox = Outbox(tmp_path / "outbox")
    item = outbox.put(report, Identity.of(report), archive.node)

    with cutting(archive.node) as relay:
        pulled(relay, 2_000)
        *_, item = outbox.deliver(item, DimseSource(relay.node))

    assert not item.is_stored
    assert "then did not answer" in item.problem or "broke off" in item.problem


def pulled(relay: Cutting, limit: int) -> None:
    relay.limit, relay.silent = limit, True
