"""The AI result beside a signed report: what stands in it, what must not, and what judges say."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dicom_io.errors import InvalidReport, NotVerified, ReportProblem
from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind, Value
from dicom_io.report import codes, sr, tree
from dicom_io.report.beside import Beside, objects_of
from dicom_io.report.document import (
    Asked,
    Decision,
    Origin,
    Region,
    ReportDocument,
    Sentence,
    human_sentence,
    new_id,
)
from dicom_io.report.key_objects import read_key_objects
from dicom_io.report.pages.reading import read_page
from dicom_io.report.result.build import build_result
from dicom_io.report.result.check import check, require
from dicom_io.report.result.groups import Measured
from tests.dicom_io.report.test_sr import NAMES
from tests.judges import judge
from tests.reports import MODEL, READER, SOFTWARE, asked_about, draft, film, sample, signed

KIND = "Comprehensive3DSR"
SECRET = "There is a fracture."  # what the reader rejects


def stored(image: Dataset) -> Dataset:
    """The header as it comes from a file."""
    buffer = BytesIO()
    image.save_as(buffer, implicit_vr=False, little_endian=True)
    return dcmread(buffer, force=True)


def closed(image: Dataset, answer: str = "no", about: str = "pneumothorax") -> Asked:
    """A closed question about the image, and its answer."""
    return replace(
        asked_about(image, request="q1"),
        task="choice",
        text=f"is there {about}?",
        candidates=("yes", "no"),
        answer=answer,
        about=about,
    )


def region(image: Dataset, *box: float) -> Region:
    return Region(Identity.of(image, 1), *box)


def report(image: Dataset) -> ReportDocument:
    """A signed report with every kind of sentence."""
    answered = Sentence(
        new_id(), "There is no pneumothorax.", Origin.AI, Decision.SUGGESTED, 0.87, "q1"
    )
    seen = Sentence(
        new_id(),
        "Opacity here.",
        Origin.AI,
        Decision.SUGGESTED,
        0.5,
        "r1",
        region(image, 1, 2, 5, 6),
        "not calibrated",
    )
    edited = Sentence(new_id(), "The heart is large.", Origin.AI, Decision.SUGGESTED, 0.9, "q1")
    rejected = Sentence(new_id(), SECRET, Origin.AI, Decision.SUGGESTED, 0.9, "r1")
    document = draft(
        image,
        answered.accepted(),
        seen.accepted(),
        edited.edited("The heart is at the upper limit (≥ 15 cm, µ é 结节)."),
        rejected.rejected(),
        human_sentence("No pleural effusion."),
    )
    return signed(replace(document, asked=(asked_about(image), closed(image))))


def length(image: Dataset) -> Measured:
    mark = Annotation(new_id(), Identity.of(image, 1), Kind.LENGTH, ((1, 1), (4, 5)), "Nodule")
    return Measured(mark, (Value("Length", 5.0, "mm", "detector plane"),))


def ellipse(image: Dataset) -> Measured:
    mark = Annotation("m7", Identity.of(image, 1), Kind.ELLIPSE, ((1, 1), (3, 7)))
    return Measured(mark, (Value("Area", 9.42477796, "mm2"), Value("Mean", 40.0, "[hnsf'U]")))


def made(image: Dataset, *measured: Measured) -> Dataset:
    result = build_result(report(image), [image], SOFTWARE, measured=measured)
    assert result is not None
    return result


def written(result: Dataset, folder: Path) -> Path:
    path = folder / "result.dcm"
    sr.write(result, path)
    return path


def items(result: Dataset, concept: codes.Code) -> list[Dataset]:
    return [here.item for here in tree.walk(result) if concept.names(here.concept)]


@pytest.mark.parametrize(
    "image",
    [
        film(),
        film(AccessionNumber="", StudyID="", PatientBirthDate=""),
        stored(film(PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう")),
        sample("CT_small.dcm"),
        sample("emri_small.dcm"),
    ],
    ids=["film", "little known", "three groups", "ct", "multi-frame"],
)
def test_the_judges_have_nothing_against_a_result(image: Dataset, tmp_path: Path) -> None:
    result = made(image, length(image), ellipse(image))

    path = written(result, tmp_path)

    assert judge(path, image, tmp_path, kind=KIND) == ()
    assert check(dcmread(path), [image]) == ()


@pytest.mark.parametrize("label", NAMES)
def test_names_in_any_character_set_stay_the_same_code_points(label: str, tmp_path: Path) -> None:
    declared, name = NAMES[label]
    image = film(PatientName=name)
    if declared is None:
        del image.SpecificCharacterSet
    else:
        image.SpecificCharacterSet = declared
    source = stored(image)

    path = written(made(source, length(source)), tmp_path)

    back = dcmread(path)
    assert str(source.PatientName) == str(back.PatientName) == name
    assert judge(path, source, tmp_path, kind=KIND) == ()


@pytest.mark.parametrize("kind", ["88.33", "88.22"])
def test_the_same_tree_stands_in_the_classes_that_it_falls_back_to(
    kind: str, tmp_path: Path
) -> None:
    image = film()
    result = made(image, length(image), ellipse(image))
    result.SOPClassUID = f"1.2.840.10008.5.1.4.1.1.{kind}"
    result.file_meta.MediaStorageSOPClassUID = result.SOPClassUID
    name = {"88.33": "ComprehensiveSR", "88.22": "EnhancedSR"}[kind]

    assert judge(written(result, tmp_path), image, tmp_path, kind=name) == ()


def test_what_was_rejected_is_nowhere_and_the_first_words_of_what_was_edited_neither(
    tmp_path: Path,
) -> None:
    content = written(made(film()), tmp_path).read_bytes()

    assert SECRET.encode() not in content
    assert b"The heart is large." not in content
    assert "The heart is at the upper limit (≥ 15 cm, µ é 结节).".encode() in content
    assert b"No pleural effusion." not in content  # no finding of the model's


def test_a_closed_answer_stands_as_codes_with_its_question_and_certainty() -> None:
    result = made(film())

    evaluation = items(result, codes.Code("36118008", "SCT", ""))
    answers = items(result, codes.AI_ANSWER)
    certainties = items(result, codes.CERTAINTY)

    assert [codes.ABSENT.names(one.ConceptCodeSequence[0]) for one in evaluation] == [True]
    assert answers[0].TextValue == "no"
    assert answers[0].ContentSequence[0].TextValue == "is there pneumothorax?"
    assert [one.MeasuredValueSequence[0].NumericValue for one in certainties] == [87]


def test_an_uncalibrated_number_and_that_of_edited_words_are_not_written() -> None:
    numbers = [here.item for here in tree.walk(made(film())) if here.value_type == "NUM"]

    assert len(numbers) == 1  # of the accepted closed answer alone


def test_a_region_is_a_closed_line_on_its_image() -> None:
    result = made(film())

    (shape,) = [here.item for here in tree.walk(result) if here.value_type == "SCOORD"]

    assert shape.GraphicType == "POLYLINE"
    assert list(shape.GraphicData) == [1, 2, 5, 2, 5, 6, 1, 6, 1, 2]
    assert shape.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "2.25.1001"


def test_the_algorithm_and_all_that_it_was_given_can_be_traced() -> None:
    result = made(film())

    parameters = [one.TextValue for one in items(result, codes.ALGORITHM_PARAMETERS)]

    assert {one.TextValue for one in items(result, codes.ALGORITHM_NAME)} == {MODEL.name}
    assert {one.TextValue for one in items(result, codes.ALGORITHM_VERSION)} == {MODEL.version}
    assert f"weights_sha256={MODEL.sha256}" in parameters
    assert {"beam=1", "seed=0", "input=2.25.1001 frame 1"} <= set(parameters)
    assert any(one.startswith("prompt_sha256=") for one in parameters)


def test_a_long_list_of_answers_is_proved_and_not_written_out() -> None:
    image = film()
    document = report(image)
    many = tuple(f"answer {number}" for number in range(5000))
    asked = tuple(replace(one, candidates=many) for one in document.asked)

    result = build_result(replace(document, asked=asked), [image], SOFTWARE)

    assert result is not None
    parameters = [one.TextValue for one in items(result, codes.ALGORITHM_PARAMETERS)]
    assert any(one.startswith("candidates=5000 answers, sha256 ") for one in parameters)


def test_a_key_image_that_no_document_may_name_does_not_keep_the_report_from_being_signed() -> None:
    image, odd = film(), film(SOPClassUID="1.2.3.4", SOPInstanceUID="2.25.78")
    document = signed(draft(image, human_sentence("Normal.")))
    keys = Beside(key_images=(Identity.of(image, 1), Identity.of(odd, 1)))

    (key_objects,) = objects_of(document, [image, odd], SOFTWARE, keys)

    assert [one.instance for one in read_key_objects(key_objects).images] == ["2.25.1001"]


def test_the_same_sentence_has_the_same_tracking_uid_in_report_and_result() -> None:
    image = film()
    document = report(image)
    result = build_result(document, [image], SOFTWARE)
    assert result is not None

    narrative = sr.build(document, [image], SOFTWARE)
    observed = {str(here.item.get("ObservationUID")) for here in tree.walk(narrative)}

    assert {one.UID for one in items(result, codes.TRACKING_UID)} <= observed


def test_measurements_are_the_readers_with_value_unit_calibration_and_line() -> None:
    image = film()
    result = made(image, length(image), ellipse(image))

    (number,) = items(result, codes.Code("410668003", "SCT", ""))
    (area,) = items(result, codes.Code("42798000", "SCT", ""))
    observers = items(result, codes.PERSON_NAME)

    assert number.MeasuredValueSequence[0].NumericValue == 5
    assert number.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue == "mm"
    assert number.ContentSequence[0].TextValue == "calibration: detector plane"
    assert list(number.ContentSequence[1].GraphicData) == [1, 1, 4, 5]
    assert area.MeasuredValueSequence[0].NumericValue == pytest.approx(9.42477796)
    assert {str(one.PersonName) for one in observers} == {READER.name}
    names = [one.TextValue for one in items(result, codes.TRACKING_IDENTIFIER)]
    assert names[-2:] == ["Nodule", "Measurement 2"]


@pytest.mark.parametrize(
    ("kind", "points", "shapes"),
    [
        (Kind.BIDIRECTIONAL, ((1, 1), (5, 1), (3, 0), (3, 3)), ["POLYLINE", "POLYLINE"]),
        (Kind.ANGLE, ((1, 1), (4, 4), (7, 1)), ["POLYLINE"]),
        (Kind.COBB, ((1, 1), (4, 4), (7, 1), (7, 5)), ["POLYLINE", "POLYLINE"]),
        (Kind.RECTANGLE, ((1, 1), (7, 3)), ["POLYLINE"]),
        (Kind.FREEHAND, ((1, 1), (7, 1), (4, 6)), ["POLYLINE"]),
    ],
)
def test_every_kind_of_mark_passes_the_judges(
    kind: Kind, points: tuple[tuple[float, float], ...], shapes: list[str], tmp_path: Path
) -> None:
    image = film()
    values = {
        Kind.BIDIRECTIONAL: (Value("Long axis", 4, "mm"), Value("Short axis", 3, "mm")),
        Kind.ANGLE: (Value("Angle", 90, "deg"),),
        Kind.COBB: (Value("Cobb angle", 45, "deg"), Value("Supplementary angle", 135, "deg")),
    }.get(kind, (Value("Area", 12, "{pixels}"),))
    mark = Annotation(new_id(), Identity.of(image, 1), kind, points)

    result = build_result(
        signed(draft(image, human_sentence("Normal."))),
        [image],
        SOFTWARE,
        measured=[Measured(mark, values)],
    )

    assert result is not None
    assert judge(written(result, tmp_path), image, tmp_path, kind=KIND) == ()
    drawn = [here.item.GraphicType for here in tree.walk(result) if here.value_type == "SCOORD"]
    assert drawn == shapes


def test_a_report_of_the_readers_own_words_alone_has_no_result() -> None:
    image = film()
    beside = Annotation("far", Identity.of(image, 1), Kind.LENGTH, ((900, 900), (990, 990)))

    assert build_result(signed(draft(image, human_sentence("Normal."))), [image], SOFTWARE) is None
    assert (
        build_result(
            signed(draft(image, human_sentence("Normal."))),
            [image],
            SOFTWARE,
            measured=[Measured(beside, (Value("Length", 1, "mm"),))],
        )
        is None
    )


def test_an_unsigned_report_has_no_result() -> None:
    with pytest.raises(NotVerified):
        build_result(draft(film()), [film()], SOFTWARE)


def test_a_result_of_a_follow_up_names_no_report_as_its_predecessor() -> None:
    image = film()
    before = sr.build(report(image), [image], SOFTWARE)
    document = replace(report(image), predecessor=str(before.SOPInstanceUID))

    result = build_result(document, [image, before], SOFTWARE)

    assert result is not None
    assert "PredecessorDocumentsSequence" not in result


def test_texts_come_back_code_point_for_code_point_and_as_a_page(tmp_path: Path) -> None:
    image = film()
    path = written(made(image, length(image)), tmp_path)

    page = read_page(path)

    said = [line.value for line in page.lines if line.name and line.name.meaning == "Comment"]
    assert "The heart is at the upper limit (≥ 15 cm, µ é 结节)." in said
    assert page.standing == "verified"
    outlined = [link for link in page.links().values() if link.shapes]
    assert {link.identity.instance for link in outlined} == {"2.25.1001"}


def test_missing_evidence_is_refused() -> None:
    with pytest.raises(ReportProblem, match="not given with it"):
        build_result(report(film()), [film(SOPInstanceUID="2.25.77")], SOFTWARE)


def broken(change: str) -> Dataset:
    """A result that breaks one rule."""
    result = dcmread(BytesIO(sr.to_bytes(made(film(), ellipse(film())))))
    groups = items(result, codes.MEASUREMENT_GROUP)
    shape = next(here.item for here in tree.walk(result) if here.value_type == "SCOORD")
    match change:
        case "title":
            result.ConceptNameCodeSequence[0].CodeValue = "126001"
        case "template":
            result.ContentTemplateSequence[0].TemplateIdentifier = "2000"
        case "version":
            group = groups[0]
            kept = [
                one
                for one in group.ContentSequence
                if not codes.ALGORITHM_VERSION.names(one.ConceptNameCodeSequence[0])
            ]
            group.ContentSequence = Sequence(kept)
        case "open line":
            shape.GraphicData = list(shape.GraphicData)[:-2]
        case "outside":
            shape.GraphicData = [*list(shape.GraphicData)[:2], 99, 2, 5, 6, 1, 6, 1, 2]
        case "no image":
            del shape.ContentSequence
        case "certainty":
            items(result, codes.CERTAINTY)[0].MeasuredValueSequence[0].NumericValue = 101
        case "language":
            del result.ContentSequence[0]
        case "unverified":
            result.VerificationFlag = "UNVERIFIED"
        case "evidence":
            del result.CurrentRequestedProcedureEvidenceSequence
    return result


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("title", "title"),
        ("template", "template 1500"),
        ("version", "Algorithm Version"),
        ("open line", "not closed"),
        ("outside", "outside"),
        ("no image", "names no image"),
        ("certainty", "0 to 100"),
        ("language", "language"),
        ("unverified", "do not go together"),
        ("evidence", "evidence"),
    ],
)
def test_each_rule_is_held(change: str, said: str) -> None:
    with pytest.raises(InvalidReport) as refusal:
        require(broken(change), [film()])

    assert any(said in finding for finding in refusal.value.findings)
