"""A template as HTML5 after IHE MRRT, which any editor of such templates opens.

What MRRT has no word for (questions for a model, ages, merge names) stands in `data-wetread-…`
attributes and `wetread.…` metadata, which HTML allows and editors keep.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from dicom_io.report import codes
from dicom_io.report.template.template import Field, FieldKind, Option, Template

_TYPES = {FieldKind.TEXT: "text", FieldKind.NUMBER: "number", FieldKind.DATE: "date"}
_MRRT = {
    FieldKind.TEXT: "TEXT", FieldKind.LONG_TEXT: "TEXTAREA", FieldKind.NUMBER: "NUMBER",
    FieldKind.DATE: "DATE", FieldKind.PICK: "SELECTION_LIST", FieldKind.CHECK: "CHECKBOX",
}  # fmt: skip


def as_html(template: Template) -> str:
    """The whole file; `read_template` gives the same template back."""
    return "\n".join(_lines(template)) + "\n"


def _lines(template: Template) -> Iterator[str]:
    yield "<!DOCTYPE html>"
    yield f'<html lang="{_quoted(template.language)}">'
    yield "<head>"
    yield '<meta charset="UTF-8">'
    yield f"<title>{escape(template.title)}</title>"
    for name, value in _metadata(template):
        if value:
            yield f'<meta name="{name}" content="{_quoted(value)}">'
    yield from _attributes(template)
    yield "</head>"
    yield "<body>"
    for section in template.sections:
        title = section.title
        yield f'<section data-section-name="{_quoted(title)}" class="level1">'
        yield f'<header class="level1">{escape(title)}</header>'
        for one in section.fields:
            yield from _field(one)
        yield "</section>"
    yield "</body>"
    yield "</html>"


def _metadata(template: Template) -> Iterator[tuple[str, str]]:
    yield "dcterms.title", template.title
    yield "dcterms.identifier", template.identifier
    yield "dcterms.language", template.language
    yield "dcterms.type", "IMAGE_REPORT_TEMPLATE"
    yield "dcterms.description", template.description
    yield "dcterms.creator", template.creator
    yield "dcterms.rights", template.rights
    yield "dcterms.date", template.date
    yield "wetread.modalities", ", ".join(template.modalities)
    yield "wetread.region", template.body_part
    yield "wetread.procedures", ", ".join(template.procedures)
    ages = "" if template.ages == (0, 200) else f"{template.ages[0]}-{template.ages[1]}"
    yield "wetread.ages", ages


def _attributes(template: Template) -> Iterator[str]:
    """MRRT's own block: the codes of the sections."""
    yield '<script type="text/xml">'
    yield "<template_attributes><top-level-flag>true</top-level-flag><status>ACTIVE</status>"
    yield "<coded_content>"
    for section in template.sections:
        heading = codes.SECTIONS[section.kind][0]
        title = _quoted(section.title)
        yield (
            f'<entry origtxt="{title}"><term><code meaning="{_quoted(heading.meaning)}" '
            f'value="{heading.value}" scheme="LOINC"></code></term></entry>'
        )
    yield "</coded_content></template_attributes>"
    yield "</script>"


def _field(one: Field) -> Iterator[str]:
    name = _quoted(one.id)
    yield "<p>"
    yield f'<label for="{name}">{escape(one.label)}</label>'
    attributes = f'id="{name}" name="{name}"{_common(one)}'
    if one.kind is FieldKind.PICK:
        yield f"<select {attributes}>"
        for option in one.options:
            yield _option(option, one.default)
        yield "</select>"
    elif one.kind is FieldKind.LONG_TEXT:
        yield f'<textarea rows="3" {attributes}>{escape(one.default)}</textarea>'
    elif one.kind is FieldKind.CHECK:
        checked = " checked" if one.default else ""
        value = f' value="{_quoted(one.default)}"' if one.default else ""
        yield f'<input type="checkbox" {attributes}{value}{checked}>'
    else:
        limits = "".join(
            f' {word}="{value:g}"' for word, value in (("min", one.low), ("max", one.high))
            if value is not None
        )  # fmt: skip
        value = f' value="{_quoted(one.default)}"' if one.default else ""
        yield f'<input type="{_TYPES[one.kind]}" {attributes}{limits}{value}>'
    yield "</p>"


def _option(option: Option, default: str) -> str:
    answer = f' data-wetread-answer="{_quoted(option.answer)}"' if option.answer else ""
    selected = " selected" if option.value == default and default else ""
    value = _quoted(option.value)
    return f'<option value="{value}"{answer}{selected}>{escape(option.text)}</option>'


def _common(one: Field) -> str:
    given = {"data-field-type": "MERGE" if one.merge else _MRRT[one.kind]}
    given["data-field-completion-action"] = "NONE"
    if one.unit:
        given["data-field-units"] = one.unit
    if one.merge:
        given["data-wetread-merge"] = one.merge
    if one.question is not None:
        given["data-wetread-question"] = one.question.text
        given["data-wetread-about"] = one.question.about
        given["data-wetread-threshold"] = f"{one.question.threshold:g}"
    return "".join(f' {key}="{_quoted(value)}"' for key, value in given.items() if value)


def _quoted(text: str) -> str:
    return escape(text, quote=True)
