"""Only a complete report is signed, and only by somebody who proves to be the reader."""

from __future__ import annotations

import json
import stat
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from dicom_io.errors import (
    FormatTooNew,
    FormatUnreadable,
    InvalidReport,
    ReportProblem,
    SigningProblem,
    UndecidedSentences,
    UnusableText,
)
from dicom_io.report import sr
from dicom_io.report.document import Reader, ReportState, Section, SectionKind, human_sentence
from dicom_io.report.signing import FIRST_WAIT, FREE_TRIES, LONGEST_WAIT, Readers, sign
from tests.reports import READER, SOFTWARE, draft, film, signed, suggestion

NOW = datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=timezone(timedelta(hours=1)))


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def readers(tmp_path: Path, clock: Clock) -> Readers:
    return Readers(tmp_path / "readers.json", clock)


# ---------------------------------------------------------------- the act


def test_a_signed_report_names_signer_and_moment() -> None:
    document = draft(film())

    done = sign(document, READER, NOW)

    assert (done.state, done.reader) == (ReportState.SIGNED, READER)
    assert done.signed_at == "2026-03-04T05:06:07+01:00"
    assert done.id == document.id


def test_a_moment_without_zone_is_local() -> None:
    done = sign(draft(film()), READER, datetime(2026, 3, 4))

    assert datetime.fromisoformat(done.signed_at).tzinfo is not None
    assert datetime.fromisoformat(sign(draft(film()), READER).signed_at).tzinfo is not None


def test_what_is_signed_is_what_is_written() -> None:
    image = film()
    document = draft(image, human_sentence("  e\u0301\x00 one\r\ntwo "))

    done = sign(document, READER, NOW)

    assert done.sentences()[0].text == "é one\ntwo"
    report = sr.build(done, [image], SOFTWARE)
    assert sr.read(report).sentences()[0].text == done.sentences()[0].text


@pytest.mark.parametrize("count", [1, 2])
def test_undecided_sentences_stop_the_signing(count: int) -> None:
    document = draft(film(), human_sentence("A."), *(suggestion("B.") for _ in range(count)))

    with pytest.raises(UndecidedSentences, match=str(count)):
        sign(document, READER)


def test_an_empty_report_is_not_signed() -> None:
    image = film()
    for document in (
        draft(image, suggestion("No.").rejected()),
        replace(draft(image), sections=()),
        replace(draft(image), sections=(Section(SectionKind.FINDINGS),)),
    ):
        with pytest.raises(ReportProblem, match="nothing"):
            sign(document, READER)


def test_a_signed_report_is_not_signed_again() -> None:
    with pytest.raises(ReportProblem, match="already"):
        sign(signed(draft(film())), READER)


def test_an_empty_sentence_stops_the_signing() -> None:
    with pytest.raises(UnusableText):
        sign(draft(film(), human_sentence("A."), human_sentence(" ")), READER)


def test_a_sentence_by_an_unknown_model_stops_the_signing() -> None:
    with pytest.raises(InvalidReport):
        sign(replace(draft(film()), asked=()), READER)


@pytest.mark.parametrize(
    "name", ["", "Demo", "^Reader", "Demo^", "De\\mo^X", "A^B=C", "A^" + "b" * 70, "A^B\n"]
)
def test_a_name_must_be_family_and_given(name: str) -> None:
    with pytest.raises(SigningProblem, match="Family"):
        sign(draft(film()), Reader(name, "X"))


@pytest.mark.parametrize("name", ["Demo^Reader", "Müller^Bärbel^^Dr.", "O'Neil^Anne Marie"])
def test_usual_names_are_accepted(name: str) -> None:
    assert sign(draft(film()), Reader(name, "X")).reader == Reader(name, "X")


@pytest.mark.parametrize("organization", ["", "  ", "x" * 65, "a\\b", "a\nb"])
def test_an_organization_must_be_named(organization: str) -> None:
    with pytest.raises(SigningProblem, match="organisation"):
        sign(draft(film()), Reader("Demo^Reader", organization))


# ---------------------------------------------------------------- the credential


def test_an_enrolled_reader_is_verified(readers: Readers) -> None:
    reader = readers.enroll("Demo^Reader", "DEMONSTRATION", "1234")

    assert readers.verify("Demo^Reader", "1234") == reader == READER
    assert readers.readers() == (READER,)


@pytest.mark.parametrize(("name", "credential"), [("Demo^Reader", "1235"), ("No^One", "1234")])
def test_a_wrong_name_and_a_wrong_credential_sound_alike(
    readers: Readers, name: str, credential: str
) -> None:
    readers.enroll("Demo^Reader", "DEMONSTRATION", "1234")

    with pytest.raises(SigningProblem, match="The name or the credential is not right"):
        readers.verify(name, credential)


def test_the_credential_is_in_no_file(readers: Readers) -> None:
    readers.enroll("Demo^Reader", "DEMONSTRATION", "correct horse")
    readers.enroll("Other^Reader", "DEMONSTRATION", "correct horse")

    content = readers.path.read_text(encoding="utf-8")
    assert "horse" not in content
    entries = json.loads(content)["readers"].values()
    assert len({entry["hash"] for entry in entries}) == 2  # each has its own salt


@pytest.mark.skipif(sys.platform == "win32", reason="the operating system has no modes")
def test_the_file_is_the_owners_alone(readers: Readers) -> None:
    readers.enroll("Demo^Reader", "DEMONSTRATION", "1234")

    assert stat.S_IMODE(readers.path.stat().st_mode) == 0o600


def test_the_same_credential_in_another_composition_is_right(readers: Readers) -> None:
    readers.enroll("Müller^Bärbel", "X", "caf\u00e9")

    assert readers.verify("Mu\u0308ller^Ba\u0308rbel", "cafe\u0301").name == "Müller^Bärbel"


def test_enrolling_again_changes_nothing(readers: Readers) -> None:
    readers.enroll("Demo^Reader", "DEMONSTRATION", "1234")

    assert readers.enroll("Demo^Reader", "DEMONSTRATION", "1234") == READER
    with pytest.raises(SigningProblem):
        readers.enroll("Demo^Reader", "DEMONSTRATION", "other")
    with pytest.raises(SigningProblem):
        readers.enroll("Demo^Reader", "ELSEWHERE", "1234")
    assert readers.verify("Demo^Reader", "1234") == READER


@pytest.mark.parametrize("credential", ["", "123", "   "])
def test_a_short_credential_is_refused(readers: Readers, credential: str) -> None:
    with pytest.raises(SigningProblem, match="too short"):
        readers.enroll("Demo^Reader", "X", credential)


def test_a_credential_is_changed_with_the_old_one(readers: Readers) -> None:
    readers.enroll("Demo^Reader", "DEMONSTRATION", "1234")

    with pytest.raises(SigningProblem):
        readers.change("Demo^Reader", "wrong", "5678")
    with pytest.raises(SigningProblem):
        readers.change("Demo^Reader", "1234", "5")
    readers.change("Demo^Reader", "1234", "5678")

    assert readers.verify("Demo^Reader", "5678") == READER
    with pytest.raises(SigningProblem):
        readers.verify("Demo^Reader", "1234")


def fail(readers: Readers, times: int) -> None:
    for _ in range(times):
        with pytest.raises(SigningProblem):
            readers.verify("Demo^Reader", "wrong")


def test_after_five_wrong_tries_even_the_right_one_waits(readers: Readers, clock: Clock) -> None:
    readers.enroll("Demo^Reader", "DEMONSTRATION", "1234")
    fail(readers, FREE_TRIES)

    with pytest.raises(SigningProblem, match="Wait"):
        readers.verify("Demo^Reader", "1234")

    clock.now += FIRST_WAIT + 1
    assert readers.verify("Demo^Reader", "1234") == READER
    fail(readers, FREE_TRIES - 1)
    assert readers.verify("Demo^Reader", "1234") == READER  # the count began anew


def test_the_wait_survives_a_restart_and_grows(readers: Readers, clock: Clock) -> None:
    readers.enroll("Demo^Reader", "DEMONSTRATION", "1234")
    fail(readers, FREE_TRIES)
    clock.now += FIRST_WAIT + 1
    fail(readers, 1)

    again = Readers(readers.path, clock)
    clock.now += FIRST_WAIT + 1
    with pytest.raises(SigningProblem, match="Wait"):
        again.verify("Demo^Reader", "1234")
    clock.now += FIRST_WAIT
    assert again.verify("Demo^Reader", "1234") == READER


def test_a_clock_set_back_locks_nobody_out(readers: Readers, clock: Clock) -> None:
    readers.enroll("Demo^Reader", "DEMONSTRATION", "1234")
    fail(readers, FREE_TRIES)
    clock.now -= 10 * LONGEST_WAIT

    assert readers.verify("Demo^Reader", "1234") == READER


@pytest.mark.parametrize(
    "content", ["{", '{"version": 1}', '{"version": 1, "readers": {"A^B": {}}}', '{"readers": {}}']
)
def test_a_damaged_file_lets_nobody_in_and_is_kept(readers: Readers, content: str) -> None:
    readers.path.write_text(content)

    with pytest.raises(FormatUnreadable):
        readers.verify("A^B", "1234")
    with pytest.raises(FormatUnreadable):
        readers.enroll("A^B", "X", "1234")
    assert readers.path.read_text() == content


def test_a_later_version_is_refused(readers: Readers) -> None:
    readers.path.write_text('{"version": 2, "readers": {}}')

    with pytest.raises(FormatTooNew):
        readers.readers()
