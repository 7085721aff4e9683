"""An addendum is a new object that follows a signed one, adds to it, and changes nothing of it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from dicom_io.report import codes, sr, tree
from dicom_io.report.document import (
    Decision,
    Origin,
    ReportDocument,
    ReportState,
    Section,
    SectionKind,
    human_sentence,
)
from dicom_io.report.drafts import Drafts
from dicom_io.report.pages.page import with_successors
from dicom_io.report.pages.reading import read_page
from dicom_io.report.result.build import build_result
from tests.judges import judge, require_judges
from tests.reports import SOFTWARE, draft, film, signed, suggestion


def adding(before: ReportDocument, uid: str, text: str) -> ReportDocument:
    """A signed addendum of one sentence."""
    document = before.addendum(uid)
    said = document.section(SectionKind.ADDENDUM).sentences
    new = Section(SectionKind.ADDENDUM, (*said, human_sentence(text)))
    return signed(document.with_section(new))


def chain(image: Dataset, folder: Path) -> tuple[list[Path], list[ReportDocument]]:
    """A report and two addenda, each read back from its file before the next is written."""
    document = signed(draft(image))
    paths: list[Path] = []
    documents = [document]
    before: list[Dataset] = []
    for text in ("", "The fracture is healing (≥ 3 weeks).", "Seen by a second reader."):
        if text:
            last = dcmread(paths[-1])
            before = [last]
            document = adding(sr.read(last), str(last.SOPInstanceUID), text)
            documents.append(document)
        paths.append(folder / f"report{len(paths)}.dcm")
        sr.write(sr.build(document, [image, *before], SOFTWARE), paths[-1])
    return paths, documents


def test_two_addenda_make_a_chain_of_three_that_the_judges_accept(tmp_path: Path) -> None:
    image = film()

    paths, _ = chain(image, tmp_path)

    reports = [dcmread(path) for path in paths]
    assert len({str(one.SOPInstanceUID) for one in reports}) == 3
    for earlier, later in zip(reports, reports[1:], strict=False):
        (study,) = later.PredecessorDocumentsSequence
        (reference,) = study.ReferencedSeriesSequence[0].ReferencedSOPSequence
        assert reference.ReferencedSOPInstanceUID == earlier.SOPInstanceUID
    for path in paths:
        assert judge(path, image, tmp_path) == ()
        flags = dcmread(path)
        assert (flags.CompletionFlag, flags.VerificationFlag, flags.PreliminaryFlag) == (
            "COMPLETE", "VERIFIED", "FINAL"
        )  # fmt: skip


def test_the_latest_says_all_that_was_signed_and_what_was_added(tmp_path: Path) -> None:
    paths, documents = chain(film(), tmp_path)

    last = sr.read(dcmread(paths[-1]))

    first = [one.text for one in documents[0].sentences() if one.state is Decision.ACCEPTED]
    added = [one.text for one in last.section(SectionKind.ADDENDUM).sentences]
    assert [one.text for one in last.sentences()] == first + added
    assert added == ["The fracture is healing (≥ 3 weeks).", "Seen by a second reader."]
    origins = [one.origin for one in sr.read(dcmread(paths[0])).sentences()]
    assert [one.origin for one in last.sentences()] == [*origins, Origin.HUMAN, Origin.HUMAN]
    ids = [one.id for one in sr.read(dcmread(paths[0])).sentences()]
    assert [one.id for one in last.sentences()][: len(ids)] == ids


def test_another_program_shows_the_section(tmp_path: Path) -> None:
    require_judges()
    paths, _ = chain(film(), tmp_path)

    shown = subprocess.run(["dsr2html", str(paths[-1])], capture_output=True, timeout=30).stdout

    assert b"Addendum" in shown and "≥ 3 weeks".encode() in shown and b"Impressions" not in shown


def test_only_the_latest_is_not_superseded(tmp_path: Path) -> None:
    paths, _ = chain(film(), tmp_path)

    standings = [one.standing.value for one in with_successors(map(read_page, paths))]

    assert standings == ["superseded", "superseded", "verified"]


def test_a_draft_of_an_addendum_locks_what_was_signed_and_leaves_out_what_was_rejected() -> None:
    before = signed(draft(film()))

    document = before.addendum("2.25.5")

    assert (document.state, document.reader, document.predecessor) == (
        ReportState.DRAFT, None, "2.25.5"
    )  # fmt: skip
    assert document.id != before.id
    assert document.added() == ()
    assert set(document.locked) == {one.id for one in document.sentences()}
    assert all(one.state is Decision.ACCEPTED for one in document.sentences())


def test_the_draft_survives_on_the_disk(tmp_path: Path) -> None:
    document = signed(draft(film())).addendum("2.25.5")
    drafts = Drafts(tmp_path)

    drafts.save(document)

    assert drafts.load(document.id) == document


def test_findings_as_data_are_those_that_were_added() -> None:
    image = film()
    before = signed(draft(image))
    report = sr.build(before, [image], SOFTWARE)
    plain = adding(before, str(report.SOPInstanceUID), "Nothing new.")
    new = suggestion("There is a nodule.").accepted()
    asked = replace(plain, sections=plain.sections)
    more = asked.with_section(Section(SectionKind.ADDENDUM, (new,)))

    assert build_result(plain, [image, report], SOFTWARE) is None
    result = build_result(more, [image, report], SOFTWARE)

    assert result is not None
    groups = [h for h in tree.walk(result) if codes.MEASUREMENT_GROUP.names(h.concept)]
    assert len(groups) == 1


def test_a_finding_without_a_heading_is_no_addendum() -> None:
    image = film()
    report = sr.build(signed(draft(image, human_sentence("Normal."))), [image], SOFTWARE)
    bare = next(h.item for h in tree.walk(report) if h.text == "Normal.")
    report.ContentSequence.append(bare)

    document = sr.read(report)

    assert [one.text for one in document.section(SectionKind.FINDINGS).sentences] == [
        "Normal.", "Normal."
    ]  # fmt: skip
    assert document.section(SectionKind.ADDENDUM).sentences == ()
