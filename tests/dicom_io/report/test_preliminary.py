"""A preliminary report: a person's, whole, unverified; the flags that DICOM forbids cannot be."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from itertools import product
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from dicom_io.errors import InvalidReport, SigningProblem, UndecidedSentences
from dicom_io.report import codes, sr
from dicom_io.report.check import check
from dicom_io.report.document import Reader, ReportState, human_sentence
from dicom_io.report.finish import Credential, finish, finish_preliminary
from dicom_io.report.flags import KEYWORDS, Flags, flags_of, is_released
from dicom_io.report.signing import Readers, release
from dicom_io.report.tree import walk
from tests.judges import judge
from tests.reports import READER, SOFTWARE, draft, film, signed, suggestion

SECRET = "four words of mine"


@pytest.fixture
def readers(tmp_path: Path) -> Readers:
    known = Readers(tmp_path / "readers.json")
    known.enroll(READER.name, READER.organization, SECRET)
    return known


def values(dataset: Dataset) -> tuple[str, ...]:
    return tuple(str(dataset.get(keyword)) for keyword in KEYWORDS)


def test_a_preliminary_report_is_accepted_by_the_judges(tmp_path: Path) -> None:
    image = film()

    report = sr.build(release(draft(image), READER), [image], SOFTWARE)
    sr.write(report, tmp_path / "report.dcm")

    assert values(report) == ("COMPLETE", "UNVERIFIED", "PRELIMINARY")
    assert "VerifyingObserverSequence" not in report
    assert report.SeriesDescription.startswith("PRELIMINARY – UNVERIFIED")
    assert check(dcmread(tmp_path / "report.dcm"), [image]) == ()
    assert judge(tmp_path / "report.dcm", image, tmp_path) == ()


def test_a_person_observes_a_preliminary_report_and_verifies_nothing() -> None:
    image = film()

    report = sr.build(release(draft(image), READER), [image], SOFTWARE)

    items = [here.item for here in walk(report)]
    names = [str(one.PersonName) for one in items if "PersonName" in one]
    coded = [one for item in items for one in item.get("ConceptCodeSequence") or ()]
    assert names == [READER.name]
    assert any(codes.PERSON.names(one) for one in coded)
    assert not any(codes.VERIFYING.names(one) for one in coded)
    assert [one.PersonName for one in report.AuthorObserverSequence if one.ObserverType == "PSN"]


def test_a_preliminary_report_is_read_back_as_one() -> None:
    image = film()
    document = release(draft(image), READER)

    back = sr.read(dcmread(BytesIO(sr.to_bytes(sr.build(document, [image], SOFTWARE)))))

    assert back.state is ReportState.PRELIMINARY
    assert back.reader == READER
    assert [one.text for one in back.sentences()] == [
        one.text for one in document.sentences() if one.state.value != "rejected"
    ]


def test_the_final_report_names_the_preliminary_one(readers: Readers, tmp_path: Path) -> None:
    image = film()
    credential = Credential(READER, SECRET)

    first = finish_preliminary(draft(image), credential, readers, [image])
    before = dcmread(BytesIO(first.report))
    final = finish(first.document, credential, readers, [image, before])

    assert first.document.state is ReportState.DRAFT
    report = dcmread(BytesIO(final.report))
    (study,) = report.PredecessorDocumentsSequence
    (named,) = study.ReferencedSeriesSequence[0].ReferencedSOPSequence
    assert named.ReferencedSOPInstanceUID == before.SOPInstanceUID
    assert values(report) == ("COMPLETE", "VERIFIED", "FINAL")
    assert "PRELIMINARY –" not in str(report)
    (tmp_path / "final.dcm").write_bytes(final.report)
    assert judge(tmp_path / "final.dcm", image, tmp_path) == ()


def test_a_second_preliminary_report_follows_the_first(readers: Readers) -> None:
    image = film()
    credential = Credential(READER, SECRET)
    first = finish_preliminary(draft(image), credential, readers, [image])
    before = dcmread(BytesIO(first.report))

    second = finish_preliminary(first.document, credential, readers, [image, before])

    back = sr.read(dcmread(BytesIO(second.report)))
    assert back.predecessor == first.document.preliminary
    assert second.document.preliminary not in ("", first.document.preliminary)


def test_only_the_reader_releases(readers: Readers) -> None:
    image = film()

    with pytest.raises(SigningProblem):
        finish_preliminary(draft(image), Credential(READER, "wrong"), readers, [image])
    with pytest.raises(UndecidedSentences):
        release(draft(image, suggestion("A nodule.")), READER)
    with pytest.raises(SigningProblem):
        release(draft(image), Reader("", ""))
    with pytest.raises(InvalidReport):
        nobody = replace(draft(image), state=ReportState.PRELIMINARY, reader=None)
        sr.build(nobody, [image], SOFTWARE)


@pytest.mark.parametrize(
    "combination",
    list(product(("PARTIAL", "COMPLETE"), ("UNVERIFIED", "VERIFIED"), ("PRELIMINARY", "FINAL"))),
)
def test_no_other_combination_of_flags_exists(combination: tuple[str, ...]) -> None:
    image = film()
    document = draft(image, human_sentence("Normal."))
    built = {
        "draft": sr.build(document, [image], SOFTWARE),
        "preliminary": sr.build(release(document, READER), [image], SOFTWARE),
        "final": sr.build(signed(document), [image], SOFTWARE),
    }
    is_legal = combination in [one.value for one in Flags]

    for name, report in built.items():
        for keyword, value in zip(KEYWORDS, combination, strict=True):
            setattr(report, keyword, value)
        found = check(report, [image])
        if combination == Flags[name.upper()].value:
            assert found == ()
        elif not is_legal:
            assert "do not go together" in " ".join(found)

    if not is_legal:
        assert flags_of(built["final"]) is None
        with pytest.raises(ValueError, match="not a valid"):
            Flags(combination)


def test_what_a_device_alone_has_finished_is_no_preliminary_report() -> None:
    image = film()
    report = sr.build(draft(image, suggestion("A nodule.")), [image], SOFTWARE)

    report.CompletionFlag = "COMPLETE"

    assert not is_released(report)
