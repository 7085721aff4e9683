"""Templates of any maker are read as forms, filled in, and written so that editors keep all."""

from __future__ import annotations

import os
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dicom_io.errors import NothingFound, TemplateUnreadable
from dicom_io.report.document import SectionKind
from dicom_io.report.template.filling import MERGED, defaults, merged, sentence, sentences
from dicom_io.report.template.mrrt_reading import kind_of_heading, read_template, template_of
from dicom_io.report.template.mrrt_writing import as_html
from dicom_io.report.template.shelf import Shelf, builtin, fitting
from dicom_io.report.template.template import Field, FieldKind, Template
from tests.reports import film

ROOT = Path(__file__).parents[4]
SHARED = Path(os.environ.get("WETREAD_SHARED") or ROOT.parent / "shared") / "data"
FOREIGN = sorted((SHARED / "report_templates").rglob("*.html"))

# In the form of the library of the RSNA, made here.
RSNA = """<!DOCTYPE html>
<html><head><title>CT Abdomen</title><meta charset="UTF-8">
<meta name="dcterms.title" content="CT Abdomen"><meta name="dcterms.identifier" content="rad/50">
<meta name="dcterms.language" content="en"><meta name="dcterms.creator" content="Doe, J">
<script type="text/xml"><template_attributes><coded_content></coded_content></template_attributes>
</script></head><body>
<section id="procedureInformation" class="level1" data-section-name="Procedure Information">
<header class="level1">Procedure Information</header>
<p><label for="T1">Text:</label>
<textarea id="T1" data-field-type="TEXTAREA">Helical CT.</textarea></p></section>
<section id="findings" class="level1" data-section-name="Findings">
<header class="level1">Findings</header>
<p><label for="L1">Liver:</label>
<select id="L1" data-field-type="SELECTION_LIST"><option>Normal</option>
<option selected>Fatty</option></select></p>
<p><label for="N1">Size:</label><input type="number" id="N1" min="0" max="30"
data-field-units="cm" data-field-type="NUMBER"></p>
<p>Stones: <input type="radio" id="r1" name="stones" value="none"><label for="r1">No stones</label>
<input type="radio" id="r2" name="stones" value="many" checked><label for="r2">Many</label></p>
<p><label><input type="checkbox" value="There is free fluid."> Fluid</label></p>
<input type="hidden" id="h"><input type="submit">
</section>
<section class="level1" data-section-name="Impression"><p><textarea id="I1"></textarea></p>
</section>
</body></html>"""


def read(html: str, name: str = "a.html") -> Template:
    return template_of(html.encode(), Path(name))


def field(template: Template, name: str) -> Field:
    return next(one for one in template.fields() if one.id == name)


@pytest.mark.parametrize("path", FOREIGN, ids=lambda path: path.parent.name)
def test_the_shared_templates_are_read_with_all_their_fields(path: Path) -> None:
    counted = _Counter()
    counted.feed(path.read_text(encoding="utf-8"))

    template = read_template(path)

    assert len(template.fields()) == counted.fields
    assert all(one.label for one in template.fields())
    assert (template.language, template.creator[:9]) == ("de", "F. Reiger")
    assert template.modalities and template.body_part
    assert len({section.kind for section in template.sections}) > 1 or len(template.fields()) < 20
    assert template.notices == ()


class _Counter(HTMLParser):
    """Counts fields in its own way: radio buttons of one name are one."""

    def __init__(self) -> None:
        super().__init__()
        self.fields = 0
        self._radios: set[str | None] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") == "radio":
            self.fields += given.get("name") not in self._radios
            self._radios.add(given.get("name"))
        elif tag in ("select", "textarea") or (tag == "input" and given.get("type") != "hidden"):
            self.fields += 1


@pytest.mark.parametrize("path", FOREIGN, ids=lambda path: path.parent.name)
def test_a_template_written_by_us_is_the_same_template(path: Path) -> None:
    template = read_template(path)

    assert read(as_html(template)) == template


def test_a_template_of_the_rsnas_form_is_read() -> None:
    template = read(RSNA)

    assert (template.title, template.identifier, template.body_part) == (
        "CT Abdomen", "rad-50", "ABDOMEN"
    )  # fmt: skip
    assert [section.kind for section in template.sections] == [
        SectionKind.TECHNIQUE, SectionKind.FINDINGS, SectionKind.IMPRESSION
    ]  # fmt: skip
    assert field(template, "T1").default == "Helical CT."
    assert (field(template, "L1").label, field(template, "L1").default) == ("Liver", "Fatty")
    assert (field(template, "N1").unit, field(template, "N1").high) == ("cm", 30)
    stones = field(template, "stones")
    assert [one.text for one in stones.options] == ["", "No stones", "Many"]
    assert (stones.kind, stones.default) == (FieldKind.PICK, "many")
    assert len(template.fields()) == 6
    assert read(as_html(template)) == template


def test_filled_in_it_makes_sentences_section_by_section() -> None:
    template = read(RSNA)
    values = {**defaults(template, film()), "N1": "17", "stones": ""}

    said = sentences(template, values)

    assert said == {
        SectionKind.TECHNIQUE: ["Helical CT."],
        SectionKind.FINDINGS: ["Liver: Fatty.", "Size: 17 cm."],
    }


@pytest.mark.parametrize("template", builtin(), ids=lambda one: one.identifier)
def test_our_own_templates_are_whole(template: Template, root: Path) -> None:
    place = root / "dicom_io/report/template/builtin" / f"{template.identifier}.html"

    assert place.read_text(encoding="utf-8") == as_html(template)
    assert template.notices == ()
    assert [section.kind for section in template.sections] == list(SectionKind)[:5]
    assert len({one.id for one in template.fields()}) == len(template.fields())
    for one in template.questions():
        assert {"yes", "no", "cannot assess"} <= set(one.answers())
        assert one.question is not None and one.question.about and one.question.text[-1] == "?"
        assert one.sentence_for("no", 0.99) and one.sentence_for("yes", 0.99)
        assert one.sentence_for("yes", 0.1) == one.sentence_for("cannot assess", 0.99)
    assert all(one.merge in MERGED for one in template.fields() if one.merge)
    assert sentences(template, {}) == {}


def test_there_are_templates_for_what_is_read_most() -> None:
    told = {(one.modalities, one.body_part, one.ages) for one in builtin()}

    assert len(builtin()) >= 7
    assert {(("CR", "DX"), "CHEST", (16, 200)), (("CR", "DX"), "CHEST", (0, 15))} <= told
    assert {"CT", "MR", "US"} <= {one.modalities[0] for one in builtin()}


@pytest.mark.parametrize(
    ("attributes", "best"),
    [
        ({"Modality": "DX", "PatientAge": "045Y"}, "wetread-chest-film-adult"),
        ({"Modality": "CR", "PatientAge": "007M"}, "wetread-chest-film-child"),
        ({"PatientBirthDate": "20200101", "StudyDate": "20260301"}, "wetread-chest-film-child"),
        ({"Modality": "CT"}, "wetread-ct-chest"),
        ({"Modality": "CT", "BodyPartExamined": "HEAD"}, "wetread-ct-head"),
        ({"Modality": "MR", "BodyPartExamined": "BRAIN"}, "wetread-mr-brain"),
        ({"BodyPartExamined": "KNEE", "StudyDescription": "Knie"}, "wetread-msk-film"),
        ({"Modality": "US", "BodyPartExamined": "ABDOMEN"}, "wetread-us-abdomen"),
    ],
)
def test_the_template_that_fits_an_image_comes_first(attributes: dict[str, str], best: str) -> None:
    found = fitting(builtin(), film(**attributes))

    assert found[0].identifier == best
    assert fitting(builtin(), film(Modality="MG", BodyPartExamined="BREAST")) == []


def test_of_equals_the_readers_language_comes_first() -> None:
    english = next(one for one in builtin() if one.language == "en")
    german = replace(english, identifier="de", language="de", title="Zzz")

    assert fitting([english, german], film(), "de-AT")[0] is german


def test_chest_films_have_a_german_template_that_asks_the_same() -> None:
    german = {one.identifier: one for one in builtin() if one.language == "de"}
    english = {f"{one.identifier}-de": one for one in builtin() if one.language == "en"}

    assert len(german) == 2
    for name, one in german.items():
        asked = {field.question for field in one.questions()}
        assert asked == {field.question for field in english[name].questions()}
    first = fitting(builtin(), film(PatientAge="045Y"), "de-AT")[0]
    assert first.identifier == "wetread-chest-film-adult-de"


def test_values_of_the_image_are_merged_and_nothing_else() -> None:
    image = film(StudyDate="20260301", SliceThickness="5.000000")

    assert merged("CT of {StudyDate}.", image) == "CT of 2026-03-01."
    assert merged("Born {PatientBirthDate} as {PatientName}.", image) == (
        "Born 1970-01-02 as Doe, Jane."
    )
    assert merged("{SliceThickness} mm", image) == "5 mm"
    assert merged("With {ContrastBolusAgent}.", image) == ""  # half a sentence says something else
    assert merged("{SOPInstanceUID}", image) == ""
    assert merged("{PixelData} {__class__}", image) == ""


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("Clinical history", SectionKind.INDICATION),
        ("Technik & Indikation", SectionKind.TECHNIQUE),
        ("Vergleichsaufnahme", SectionKind.COMPARISON),
        ("Beurteilung", SectionKind.IMPRESSION),
        ("Lungs", SectionKind.FINDINGS),
    ],
)
def test_headings_are_recognised(heading: str, kind: SectionKind) -> None:
    assert kind_of_heading(heading) is kind


def test_a_sentence_needs_no_label_and_a_value_does() -> None:
    one = Field("a", "Liver", FieldKind.PICK)

    assert sentence(one, "The liver is normal.") == "The liver is normal."
    assert sentence(one, "normal") == "Liver: normal."
    assert sentence(one, "  ") == ""
    assert sentence(Field("a", "Fluid", FieldKind.CHECK), "Fluid") == "Fluid."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<p>Nothing to fill in</p>", "no field"),
        (b"plain words", "no field"),
        (b"", "no field"),
        (b"<select id=a><option>1", "does not end"),
        (b"<p><input id=a><textarea>x", "does not end"),
        (b"<p><input id=a><select", "middle of a tag"),
        (b"<meta charset=x-nothing><input>\xff", "no character set"),
    ],
)
def test_broken_html_gives_one_sentence(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.html"
    path.write_bytes(content)

    with pytest.raises(TemplateUnreadable, match=said) as refusal:
        read_template(path)

    assert "\n" not in str(refusal.value) and "broken.html" in str(refusal.value)


def test_every_cut_of_a_template_is_read_or_refused_in_a_sentence() -> None:
    for end in range(0, len(RSNA), 7):
        try:
            read(RSNA[:end])
        except TemplateUnreadable as refusal:
            assert str(refusal)


def test_what_is_too_large_missing_or_nested_is_told(tmp_path: Path) -> None:
    large = tmp_path / "large.html"
    large.write_bytes(b"<input>" * 700_000)
    with pytest.raises(TemplateUnreadable, match="too large"):
        read_template(large)
    with pytest.raises(TemplateUnreadable, match="cannot be opened"):
        read_template(tmp_path / "missing.html")

    deep = read("<div>" * 20_000 + "<input id=a>" + "</div>" * 20_000)
    many = read("<input>" * 3000)

    assert len(deep.fields()) == 1
    assert len(many.fields()) == 2000 and "2,000" in many.notices[0]


def test_questions_of_an_unknown_kind_are_left_out_and_said() -> None:
    html = (
        '<select id="a" data-wetread-question="how many?" data-wetread-question-type="count">'
        "<option>1</option></select>"
        '<select id="b" data-wetread-question="is it?" data-wetread-threshold="nonsense">'
        '<option value="Yes." data-wetread-answer="yes">y</option>'
        '<option value="No." data-wetread-answer="no">n</option></select>'
        '<input type="colour" id="c">'
    )

    template = read(html)

    assert [one.id for one in template.questions()] == ["b"]
    question = template.questions()[0].question
    assert question is not None and question.threshold == 0.5
    assert len(template.notices) == 2


def test_scripts_are_not_read() -> None:
    template = read("<script>document.write('<input id=x>')</script><input id=a>")

    assert [one.id for one in template.fields()] == ["a"]


def test_an_imported_template_goes_out_as_it_came_in(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "templates")
    source = tmp_path / "rsna.html"
    source.write_text(RSNA, encoding="utf-8")

    taken = shelf.take(source)
    shelf.export(taken.identifier, tmp_path / "out.html")
    shelf.export("wetread-ct-head", tmp_path / "own.html")

    assert (tmp_path / "out.html").read_bytes() == source.read_bytes()
    assert read_template(tmp_path / "own.html").identifier == "wetread-ct-head"
    assert shelf.template("rad-50") == taken
    with pytest.raises(NothingFound):
        shelf.template("missing")


def test_an_imported_one_stands_before_ours_and_a_broken_one_is_named(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "templates")
    own = tmp_path / "own.html"
    changed = replace(shelf.template("wetread-ct-head"), title="Our CT head")
    own.write_text(as_html(changed), encoding="utf-8")
    shelf.take(own)
    (shelf.folder / "broken.html").write_text("<select>", encoding="utf-8")

    assert shelf.template("wetread-ct-head").title == "Our CT head"
    assert len(shelf.templates()) == len(builtin())
    assert [one for one in shelf.problems() if "broken.html" in one]
