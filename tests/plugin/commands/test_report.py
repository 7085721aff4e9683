"""`draft`, `sign` and `send`: from a film to a report that the archive has given back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest

from dicom_io.image.frame import open_frames
from dicom_io.image.picture import write_png
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.outbox import Outbox, State
from dicom_io.pacs.samples import chest_film
from dicom_io.report import sr
from dicom_io.report.check import check
from dicom_io.report.document import Decision
from dicom_io.report.drafts import Drafts
from dicom_io.storage import DataRoot
from tests.commands import Ran, Wetread
from tests.judges import judge
from tests.servers import Server, free_port

READER = ("--reader", "Doe^Jane", "--organization", "Hospital", "--credential-from-stdin")
SECRET = "correct horse\n"
LIMITED = """
import resource, sys
from plugin.__main__ import main
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
sys.exit(main(sys.argv[1:]))
"""  # a disk that holds 4 KiB a file: room for a draft's decisions, none for a report

pytestmark = pytest.mark.usefixtures("echo_home")


@pytest.fixture
def film_header() -> pydicom.Dataset:
    return open_frames(chest_film())[0].header


@pytest.fixture
def draft(wetread: Wetread) -> dict[str, Any]:
    """A draft of the chest film, as `wetread draft --json` tells it."""
    ran = wetread("draft", chest_film(), "--json")
    assert ran.code == 0, ran.err
    return ran.objects[0]


@pytest.fixture
def sign(wetread: Wetread, tmp_path: Path) -> Callable[..., Ran]:
    """Sign a draft as Doe^Jane, into tmp_path/report.dcm."""

    def run(named: object, *words: object, stdin: str = SECRET) -> Ran:
        out = [] if "--out" in words else ["--out", tmp_path / "report.dcm"]
        return wetread("sign", named, *words, *out, *READER, stdin=stdin)

    return run


@pytest.fixture
def report(draft: dict[str, Any], sign: Callable[..., Ran], tmp_path: Path) -> Path:
    """A signed report of the chest film."""
    assert sign(draft["draft"], "--accept", "all").code == 0
    return tmp_path / "report.dcm"


def ids_of(draft: dict[str, Any]) -> list[str]:
    return [sentence["id"] for sentence in draft["sentences"]]


def stored_drafts() -> Drafts:
    return Drafts(DataRoot.choose().drafts)


def outbox() -> Outbox:
    return Outbox(DataRoot.choose().outbox)


def is_one_sentence(ran: Ran) -> bool:
    return ran.err.startswith("wetread: ") and ran.err.count("\n") == 1 and ran.out == ""


# --- draft ---


def test_a_draft_of_a_file_is_kept_with_its_sentences_undecided(draft: dict[str, Any]) -> None:
    kept = stored_drafts().load(draft["draft"])

    assert [one.id for one in kept.sentences()] == ids_of(draft)
    assert len(kept.undecided()) == len(ids_of(draft)) >= 2


def test_a_study_that_was_fetched_is_drafted_by_its_uid(
    wetread: Wetread, archive: Archive, film_header: pydicom.Dataset
) -> None:
    archive.add([chest_film()])
    study = film_header.StudyInstanceUID
    assert wetread("fetch", study, "--node", archive.node.address).code == 0

    ran = wetread("draft", study, "--json")

    assert ran.code == 0
    kept = stored_drafts().load(ran.objects[0]["draft"])
    assert kept.identity.instance == film_header.SOPInstanceUID


def test_the_unsigned_report_says_what_it_is(wetread: Wetread, tmp_path: Path) -> None:
    out = tmp_path / "draft.dcm"

    ran = wetread("draft", chest_film(), "--out", out)

    assert ran.code == 0
    report = pydicom.dcmread(out)
    assert report.SeriesDescription.startswith("AI DRAFT – UNVERIFIED")
    assert "Research use only" in report.SeriesDescription
    assert (report.VerificationFlag, report.CompletionFlag) == ("UNVERIFIED", "PARTIAL")


def test_a_draft_is_written_over_a_draft_and_over_nothing_else(
    wetread: Wetread, tmp_path: Path
) -> None:
    out, letter = tmp_path / "draft.dcm", tmp_path / "letter.dcm"
    letter.write_text("Dear colleague")

    assert wetread("draft", chest_film(), "--out", out).code == 0
    assert wetread("draft", chest_film(), "--out", out).code == 0
    refused = wetread("draft", chest_film(), "--out", letter)

    assert refused.code == 2 and is_one_sentence(refused)
    assert letter.read_text() == "Dear colleague"


def test_a_draft_is_not_written_over_a_signed_report(wetread: Wetread, report: Path) -> None:
    body = report.read_bytes()

    refused = wetread("draft", chest_film(), "--out", report)

    assert refused.code == 2 and is_one_sentence(refused)
    assert report.read_bytes() == body


def test_a_picture_is_drafted_but_its_draft_cannot_be_signed(
    wetread: Wetread, sign: Callable[..., Ran], tmp_path: Path
) -> None:
    picture = tmp_path / "film.png"
    frame = open_frames(chest_film())[0]
    write_png(picture, (frame.stored() >> 8).astype("uint8"))

    drafted = wetread("draft", picture, "--json")
    signed = sign(drafted.objects[0]["draft"], "--accept", "all")

    assert drafted.code == 0
    assert signed.code == 1 and is_one_sentence(signed)
    assert "picture" in signed.err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["no-such-file.dcm"],
        ["1.2.3.4"],
        ["."],
        [""],
        [chest_film(), "--frame", "2"],
        [chest_film(), "--out", "no-such-folder/draft.dcm"],
        [chest_film(), "--out", "."],
        [chest_film(), "--batch", "no-such-list.jsonl", "--out", "o.jsonl"],
        ["--batch", "in.jsonl"],
    ],
)
def test_what_cannot_be_drafted_is_one_sentence(wetread: Wetread, words: list[object]) -> None:
    ran = wetread("draft", *words)

    assert ran.code in (1, 2) and is_one_sentence(ran)
    assert stored_drafts().list() == ()


@pytest.mark.skipif(sys.platform == "win32", reason="the operating system has no RLIMIT_FSIZE")
def test_a_full_disk_at_drafting_is_one_sentence_and_leaves_no_part(
    child: Callable[..., subprocess.Popen[str]], own_home: Path
) -> None:
    process = child("draft", chest_film(), script=LIMITED.replace("4096", "100000"))
    _, said = process.communicate(timeout=60)

    assert process.returncode == 1
    assert said.startswith("wetread: ") and said.count("\n") == 1
    assert str(chest_film().parent) not in said  # it is our own folder that is full
    assert [path for path in (own_home / "cache").rglob("*") if path.is_file()] == []


# --- sign ---


def test_a_draft_is_signed_by_its_id(
    draft: dict[str, Any],
    sign: Callable[..., Ran],
    film_header: pydicom.Dataset,
    tmp_path: Path,
) -> None:
    ran = sign(draft["draft"], "--accept", "all", "--json")

    assert ran.code == 0
    assert ran.objects[0]["reader"] == "Doe^Jane"
    report = pydicom.dcmread(tmp_path / "report.dcm")
    assert report.VerificationFlag == "VERIFIED"
    assert report.VerifyingObserverSequence[0].VerifyingObserverName == "Doe^Jane"
    assert check(report, [film_header]) == ()
    assert judge(tmp_path / "report.dcm", film_header, tmp_path) == ()


def test_a_draft_is_signed_by_its_file(
    draft: dict[str, Any], sign: Callable[..., Ran], own_home: Path
) -> None:
    assert sign(own_home / "drafts" / f"{draft['draft']}.json", "--accept", "all").code == 0


def test_a_draft_is_signed_by_its_own_unsigned_report_and_not_by_a_later_one(
    wetread: Wetread, sign: Callable[..., Ran], tmp_path: Path
) -> None:
    first = wetread("draft", chest_film(), "--out", tmp_path / "first.dcm", "--json").objects[0]
    wetread("draft", chest_film(), "--out", tmp_path / "second.dcm")

    ran = sign(tmp_path / "first.dcm", "--accept", "all", "--json")

    assert ran.objects[0]["draft"] == first["draft"]


def test_sentences_are_accepted_and_rejected_by_id(
    draft: dict[str, Any], sign: Callable[..., Ran], tmp_path: Path
) -> None:
    out, kept = ids_of(draft)[0], ids_of(draft)[1:]

    assert sign(draft["draft"], "--reject", out, "--accept", ",".join(kept)).code == 0

    written = sr.read(pydicom.dcmread(tmp_path / "report.dcm"))
    assert [one.id for one in written.sentences()] == kept


def test_all_means_all_the_others(
    draft: dict[str, Any], sign: Callable[..., Ran], tmp_path: Path
) -> None:
    assert sign(draft["draft"], "--accept", "all", "--reject", ids_of(draft)[1]).code == 0

    written = sr.read(pydicom.dcmread(tmp_path / "report.dcm"))
    assert [one.id for one in written.sentences()] == [ids_of(draft)[0], *ids_of(draft)[2:]]


def test_undecided_sentences_are_refused_in_one_sentence(
    draft: dict[str, Any], sign: Callable[..., Ran], tmp_path: Path
) -> None:
    ran = sign(draft["draft"], "--accept", ids_of(draft)[0])

    assert ran.code == 1 and is_one_sentence(ran)
    assert "left to decide" in ran.err
    assert not (tmp_path / "report.dcm").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["--accept", "nonsense"],
        ["--accept", "all", "--reject", "all"],
        ["--accept", "all,nonsense"],
        ["--reject", "all"],
        ["--accept", "all", "--out", "no-such-folder/report.dcm"],
        ["--accept", "all", "--out", "."],
        ["--accept", "all", "--node", "no such node"],
    ],
)
def test_what_cannot_be_signed_leaves_the_draft_as_it_was(
    draft: dict[str, Any], sign: Callable[..., Ran], words: list[str], tmp_path: Path
) -> None:
    ran = sign(draft["draft"], *words)

    assert ran.code in (1, 2) and is_one_sentence(ran)
    assert len(stored_drafts().load(draft["draft"]).undecided()) == len(ids_of(draft))
    assert not (tmp_path / "report.dcm").exists()


def test_a_decision_of_a_refused_try_does_not_outlive_it(
    wetread: Wetread, draft: dict[str, Any], sign: Callable[..., Ran], report: Path, tmp_path: Path
) -> None:
    other = wetread("draft", chest_film(), "--json").objects[0]

    refused = sign(other["draft"], "--accept", "all", "--out", tmp_path / "b", stdin="wrong\n")
    undecided = sign(other["draft"], "--reject", ids_of(other)[0], "--out", tmp_path / "b")

    assert refused.code == 1 and "not right" in refused.err
    assert undecided.code == 1 and "left to decide" in undecided.err


def test_all_does_not_turn_a_decision_that_somebody_made(
    draft: dict[str, Any], sign: Callable[..., Ran]
) -> None:
    document = stored_drafts().load(draft["draft"])
    first = document.sentences()[0]
    stored_drafts().save(document.with_sentence(first.rejected()))

    refused = sign(draft["draft"], "--accept", "all")
    named = sign(draft["draft"], "--accept", f"all,{first.id}")

    assert refused.code == 2 and "was rejected before" in refused.err
    assert named.code == 0
    assert all(
        one.state is Decision.ACCEPTED for one in stored_drafts().load(draft["draft"]).sentences()
    )


@pytest.mark.parametrize("secret", ["", "\n", "abc\n", "wrong horse\n"])
def test_a_wrong_credential_signs_nothing(
    wetread: Wetread, report: Path, sign: Callable[..., Ran], secret: str, tmp_path: Path
) -> None:
    other = wetread("draft", chest_film(), "--json").objects[0]["draft"]

    ran = sign(other, "--accept", "all", "--out", tmp_path / "other.dcm", stdin=secret)

    assert ran.code == 1 and is_one_sentence(ran)
    assert not (tmp_path / "other.dcm").exists()


def test_an_existing_file_is_not_written_over(
    wetread: Wetread, report: Path, sign: Callable[..., Ran]
) -> None:
    body = report.read_bytes()
    other = wetread("draft", chest_film(), "--json").objects[0]["draft"]

    ran = sign(other, "--accept", "all")

    assert ran.code == 2 and is_one_sentence(ran)
    assert report.read_bytes() == body


def test_a_signed_report_is_not_signed_again(
    draft: dict[str, Any], report: Path, sign: Callable[..., Ran], tmp_path: Path
) -> None:
    for named in (draft["draft"], report):
        ran = sign(named, "--accept", "all", "--out", tmp_path / "again.dcm")

        assert ran.code == 1 and "signed already" in ran.err


@pytest.mark.parametrize("named", ["", ".", "zzz", "../x", "no.json", str(chest_film())])
def test_what_is_no_draft_is_one_sentence(sign: Callable[..., Ran], named: str) -> None:
    ran = sign(named, "--accept", "all")

    assert ran.code == 1 and is_one_sentence(ran)


@pytest.mark.skipif(sys.platform == "win32", reason="the operating system has no RLIMIT_FSIZE")
def test_a_full_disk_at_signing_loses_nothing(
    draft: dict[str, Any],
    sign: Callable[..., Ran],
    child: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
) -> None:
    out = tmp_path / "report.dcm"
    words = ("sign", draft["draft"], "--accept", "all", *READER, "--out", out)

    process = child(*words, script=LIMITED, stdin=subprocess.PIPE)
    _, said = process.communicate(SECRET, timeout=60)

    assert process.returncode == 1
    assert said.startswith("wetread: ") and said.count("\n") == 1
    assert [one.name for one in tmp_path.iterdir()] == ["wetread-home"]
    assert sign(draft["draft"], "--accept", "all").code == 0  # there is room again


@pytest.mark.skipif(sys.platform == "win32", reason="the operating system has no RLIMIT_FSIZE")
def test_a_full_disk_at_sending_keeps_the_report(
    report: Path, archive: Archive, child: Callable[..., subprocess.Popen[str]]
) -> None:
    body = report.read_bytes()

    process = child("send", report, "--node", archive.node.address, script=LIMITED)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 1
    assert said.startswith("wetread: ") and said.count("\n") == 1
    assert report.read_bytes() == body
    assert outbox().items() == ()


# --- send ---


def test_a_signed_report_is_stored_and_verified(
    wetread: Wetread, report: Path, archive: Archive, film_header: pydicom.Dataset
) -> None:
    archive.add([chest_film()])

    sent = wetread("send", report, "--node", archive.node.address, "--json")

    assert sent.code == 0
    assert [one["state"] for one in sent.objects] == ["sent", "verified"]
    found = wetread("find", "--node", archive.node.address, "--json").objects
    assert [one["study"] for one in found] == [film_header.StudyInstanceUID]
    assert set(found[0]["modalities"]) == {"CR", "SR"}


def test_a_second_send_tells_that_it_is_there(
    wetread: Wetread, report: Path, archive: Archive
) -> None:
    wetread("send", report, "--node", archive.node.address)

    again = wetread("send", report, "--node", archive.node.address, "--json")

    assert again.code == 0
    assert [one["state"] for one in again.objects] == ["verified"]
    assert len(outbox().items()) == 1


def test_what_one_archive_holds_is_not_said_of_another(
    wetread: Wetread, report: Path, archive: Archive
) -> None:
    wetread("send", report, "--node", archive.node.address)

    other = wetread("send", report, "--node", f"NOBODY@127.0.0.1:{free_port()}")

    assert other.code == 1
    assert "verified" not in other.out


def test_a_report_that_nobody_takes_stays_queued_and_says_not_stored(
    wetread: Wetread, report: Path, archive: Archive
) -> None:
    node = f"NOBODY@127.0.0.1:{free_port()}"

    failed = wetread("send", report, "--node", node, "--json")

    assert failed.code == 1
    assert failed.err.startswith("wetread: Not stored.") and failed.err.count("\n") == 1
    assert failed.objects[-1]["error"].startswith("Not stored.")
    (item,) = outbox().waiting()
    assert item.state is State.QUEUED
    assert item.path.read_bytes() == report.read_bytes()
    assert wetread("send", report, "--node", archive.node.address).code == 0
    assert outbox().waiting() == ()


def test_a_report_is_signed_and_stored_in_one_command(
    draft: dict[str, Any], sign: Callable[..., Ran], archive: Archive
) -> None:
    archive.add([chest_film()])

    ran = sign(draft["draft"], "--accept", "all", "--node", archive.node.address, "--json")

    assert ran.code == 0
    assert [one.get("state") for one in ran.objects] == [
        None,
        *["sent", "verified"] * 2,  # the report, and its findings as data
    ]


def test_a_dead_archive_at_signing_leaves_a_signed_report(
    draft: dict[str, Any], sign: Callable[..., Ran], tmp_path: Path
) -> None:
    ran = sign(draft["draft"], "--accept", "all", "--node", f"NOBODY@127.0.0.1:{free_port()}")

    assert ran.code == 1
    assert pydicom.dcmread(tmp_path / "report.dcm").VerificationFlag == "VERIFIED"
    assert [item.state for item in outbox().waiting()] == [State.QUEUED]


def test_an_unsigned_draft_does_not_leave(
    wetread: Wetread, archive: Archive, tmp_path: Path
) -> None:
    wetread("draft", chest_film(), "--out", tmp_path / "draft.dcm")

    refused = wetread("send", tmp_path / "draft.dcm", "--node", archive.node.address)

    assert refused.code == 1 and is_one_sentence(refused)
    assert "not signed" in refused.err
    assert outbox().items() == ()


def test_the_session_of_the_readme_against_orthanc(
    wetread: Wetread, sign: Callable[..., Ran], orthanc: Server, tmp_path: Path
) -> None:
    orthanc.load([chest_film()])
    node = orthanc.node.address

    (study,) = wetread("find", "--node", node, "--json").objects
    assert wetread("fetch", study["study"], "--node", node).code == 0
    draft = wetread("draft", study["study"], "--json").objects[0]
    assert sign(draft["draft"], "--accept", "all").code == 0
    sent = wetread("send", tmp_path / "report.dcm", "--node", node, "--json").objects
    (again,) = wetread("find", "--node", node, "--json").objects

    assert [one["state"] for one in sent] == ["sent", "verified"]
    assert again["study"] == study["study"]
    assert set(again["modalities"]) == {"CR", "SR"}
    assert len(json.loads(orthanc.ask("/studies"))) == 1
