"""Drafts are kept, found, and never lost."""

from __future__ import annotations

import json
import os
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dicom_io.errors import DiskFull, FormatTooNew, FormatUnreadable, NothingFound, StorageProblem
from dicom_io.identity import Identity
from dicom_io.report.document import Region, ReportDocument, human_sentence, new_id
from dicom_io.report.drafts import Drafts
from tests.reports import draft, film, signed, suggestion


@pytest.fixture
def drafts(tmp_path: Path) -> Drafts:
    return Drafts(tmp_path / "drafts")


def rich() -> ReportDocument:
    """A document in which every field has a value."""
    image = film()
    region = Region(Identity.of(image, 1), 1.5, 2.0, 3.25, 4.0)
    sentence = replace(
        suggestion("There are opacities. ≥ 山 😀").edited("Opacities."),
        probability=0.75,
        region=region,
        note="cut off",
    )
    document = signed(draft(image, sentence, IMPRESSION=(human_sentence("Fine."),)))
    asked = replace(document.asked[0], candidates=("yes", "no"), region=region)
    return replace(document, asked=(asked,), predecessor="2.25.9", language="de")


def test_a_draft_comes_back_equal(drafts: Drafts) -> None:
    document = rich()

    drafts.save(document)

    assert drafts.load(document.id) == document
    assert drafts.list() == (document,)


def test_a_draft_is_kept_once_under_its_id(drafts: Drafts) -> None:
    document = rich()
    changed = replace(document, title="CT Report")

    drafts.save(document)
    drafts.save(changed)

    assert drafts.list() == (changed,)


def test_the_draft_changed_last_comes_first(drafts: Drafts) -> None:
    first, second = rich(), replace(rich(), id=new_id())
    os.utime(drafts.save(second), ns=(2_000, 2_000))
    os.utime(drafts.save(first), ns=(1_000, 1_000))

    assert drafts.list() == (second, first)


def test_drafts_are_found_by_the_study_of_the_patient(drafts: Drafts) -> None:
    document = rich()
    drafts.save(document)

    assert drafts.of_study(document.identity.of_study()) == (document,)
    other = replace(document.identity, issuer="OTHER")
    assert drafts.of_study(other) == ()


def test_a_removed_draft_is_gone(drafts: Drafts) -> None:
    document = rich()
    drafts.save(document)

    drafts.remove(document.id)
    drafts.remove(document.id)

    assert drafts.list() == ()
    with pytest.raises(NothingFound):
        drafts.load(document.id)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"version": 1}',
        b'{"version": 1, "report": {}}',
        b'{"version": 1, "report": {"identity": 3}}',
        b'{"version": 0, "report": {}}',
        b'{"version": "1"}',
    ],
)
def test_a_damaged_draft_is_reported_and_left_as_it_is(drafts: Drafts, content: bytes) -> None:
    document = rich()
    drafts.save(document)
    bad = drafts.folder / "bad.json"
    bad.write_bytes(content)

    assert drafts.list() == (document,)
    (problem,) = drafts.damaged()
    assert isinstance(problem, FormatUnreadable) and problem.path == bad
    assert bad.read_bytes() == content


def test_a_draft_with_an_unknown_field_is_reported(drafts: Drafts) -> None:
    path = drafts.save(rich())
    content = json.loads(path.read_text(encoding="utf-8"))
    content["report"]["mood"] = "good"
    path.write_text(json.dumps(content), encoding="utf-8")

    assert len(drafts.damaged()) == 1


def test_a_draft_of_a_later_version_is_refused_and_kept(drafts: Drafts) -> None:
    document = rich()
    path = drafts.save(document)
    later = path.read_bytes().replace(b'"version": 3', b'"version": 4')
    path.write_bytes(later)

    with pytest.raises(FormatTooNew, match="Update"):
        drafts.load(document.id)
    assert path.read_bytes() == later


@pytest.mark.parametrize("id", ["", "../readers", "a/b", "a.b", "x" * 65, "a\\b"])
def test_an_id_is_no_way_out_of_the_folder(drafts: Drafts, id: str) -> None:
    with pytest.raises(FormatUnreadable):
        drafts.load(id)
    with pytest.raises(FormatUnreadable):
        drafts.save(replace(rich(), id=id))


def test_an_empty_or_missing_folder_holds_no_drafts(drafts: Drafts) -> None:
    assert (drafts.list(), drafts.damaged()) == ((), ())


@pytest.mark.skipif(sys.platform == "win32", reason="the operating system has no modes")
def test_drafts_are_readable_by_their_owner_alone(drafts: Drafts) -> None:
    path = drafts.save(rich())

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(drafts.folder.stat().st_mode) == 0o700


def test_a_full_disk_keeps_the_former_draft(
    drafts: Drafts, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = rich()
    drafts.save(document)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull):
        drafts.save(replace(document, title="CT Report"))
    monkeypatch.undo()

    assert drafts.list() == (document,)
    assert [path.name for path in drafts.folder.iterdir()] == [f"{document.id}.json"]


def test_a_folder_that_is_a_file_is_a_known_problem(tmp_path: Path) -> None:
    (tmp_path / "drafts").write_text("")

    with pytest.raises(StorageProblem):
        Drafts(tmp_path / "drafts").save(rich())


def test_a_draft_of_the_former_version_is_read(drafts: Drafts) -> None:
    document = rich()
    path = drafts.save(document)
    content = json.loads(path.read_text(encoding="utf-8"))
    for asked in content["report"]["asked"]:
        del asked["answer"], asked["about"]
    for section in content["report"]["sections"]:
        for sentence in section["sentences"]:
            del sentence["basis"]
    path.write_text(json.dumps(content | {"version": 1}), encoding="utf-8")

    assert drafts.load(document.id) == document
