"""A template from an HTML file after IHE MRRT, by any maker, as far as it can be understood.

Only the form is read: headings, labels, fields, options and metadata. Scripts, styles and pictures
are not looked at. Source: IHE Radiology, Management of Radiology Report Templates, 8.1.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

from dicom_io.anatomy import region_of
from dicom_io.errors import TemplateUnreadable
from dicom_io.report.document import SectionKind
from dicom_io.report.template.template import (
    Field,
    FieldKind,
    Option,
    Question,
    Template,
    TemplateSection,
)

LARGEST = 4 * 2**20  # bytes
MOST_FIELDS = 2000
KINDS = {
    "text": FieldKind.TEXT, "number": FieldKind.NUMBER, "range": FieldKind.NUMBER,
    "date": FieldKind.DATE, "time": FieldKind.TEXT, "datetime-local": FieldKind.TEXT,
    "checkbox": FieldKind.CHECK, "radio": FieldKind.PICK, "textarea": FieldKind.LONG_TEXT,
    "": FieldKind.TEXT, "tel": FieldKind.TEXT, "search": FieldKind.TEXT, "email": FieldKind.TEXT,
    "url": FieldKind.TEXT,
}  # fmt: skip
NO_FIELDS = frozenset(("hidden", "button", "submit", "reset", "image", "file", "password"))
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "header", "legend"))
SILENT = frozenset(("script", "style", "title"))
_VOID = frozenset(("input", "br", "hr", "img", "meta", "link", "col", "embed", "wbr", "source"))
_OUR = "data-wetread-"


def read_template(path: Path) -> Template:
    """The template in a file. Raises TemplateUnreadable, in one sentence."""
    try:
        if path.stat().st_size > LARGEST:
            raise TemplateUnreadable(f"{path.name} is too large for a template.", path)
        content = path.read_bytes()
    except OSError as error:
        raise TemplateUnreadable(
            f"{path.name} cannot be opened ({error.strerror or error}).", path
        ) from error
    return template_of(content, path)


def template_of(content: bytes, path: Path) -> Template:
    """The template in the bytes of a file. Raises TemplateUnreadable."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        named = re.search(rb"charset=[\"']?([\w-]+)", content[:2048])
        try:
            text = content.decode(named[1].decode() if named else "cp1252")
        except (UnicodeDecodeError, LookupError) as error:
            raise TemplateUnreadable(
                f"{path.name} is in no character set that it names. Save it as UTF-8.", path
            ) from error
    reader = _Reader()
    reader.feed(text)
    if problem := reader.problem():
        raise TemplateUnreadable(f"{path.name} is broken HTML: {problem} Repair it.", path)
    if "<" not in text or not reader.count:
        raise TemplateUnreadable(
            f"{path.name} holds no field to fill in, so it is no report template.", path
        )
    return _template(reader, path)


@dataclass
class _Choice:
    """An option while its words are read; `id` is a radio button's own."""

    text: str
    value: str
    answer: str = ""
    id: str = ""


@dataclass
class _Building:
    """A field while its parts are read."""

    id: str
    kind: FieldKind
    attributes: Mapping[str, str]
    label: str = ""
    text: str = ""  # of a text area
    options: list[_Choice] = field(default_factory=list)
    chosen: str | None = None
    heading: str = ""


class _Reader(HTMLParser):
    """Gathers metadata, headings, labels and fields in their order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.meta: dict[str, str] = {}
        self.language = ""
        self.title = ""
        self.count = 0
        self.sections: list[tuple[str, list[_Building]]] = [("", [])]
        self.labels: dict[str, str] = {}  # by the id of the field that they name
        self.notices: list[str] = []
        self._open: list[str] = []
        self._words: list[str] = []  # since the last field or block
        self._heading: list[str] | None = None
        self._label: tuple[str, list[str]] | None = None
        self._in_label: list[_Building] = []
        self._select: _Building | None = None
        self._option: tuple[dict[str, str], list[str]] | None = None
        self._area: _Building | None = None
        self._radios: dict[str, _Building] = {}
        self._choice: _Choice | None = None  # a radio button that waits for its words
        self._after: _Building | None = None  # a check that waits for the words behind it
        self._legend = ""

    # --- what the parser tells ---

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name.lower(): value or "" for name, value in attrs}
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "html":
            self.language = given.get("lang", "")
        elif tag == "meta":
            self.meta.setdefault(given.get("name", "").lower(), given.get("content", "").strip())
        elif tag == "section" and given.get("data-section-name"):
            self._begin_section(given["data-section-name"])
        elif tag in HEADINGS:
            self._heading = []
        elif tag == "label":
            self._end_after()
            self._label = given.get("for", ""), []
            self._in_label = []
        elif tag == "select":
            self._select = self._new_field(given, FieldKind.PICK)
        elif tag == "option" and self._select is not None:
            self._end_option()
            self._option = given, []
        elif tag == "textarea":
            self._area = self._new_field(given, FieldKind.LONG_TEXT)
        elif tag == "input":
            self._input(given)
        elif tag in ("p", "div", "li", "tr", "td", "br", "fieldset"):
            self._end_after()
            if tag != "td" and tag != "br":
                self._words = []

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open and self._open.pop() != tag:
                pass
        if tag in HEADINGS and self._heading is not None:
            words, self._heading = _plain(" ".join(self._heading)), None
            self._end_heading(tag, words)
        elif tag == "label" and self._label is not None:
            self._end_label()
        elif tag in ("option", "optgroup") and self._select is not None:
            self._end_option()
        elif tag == "select":
            self._end_option()
            self._select = None
        elif tag == "textarea":
            self._area = None
        elif tag in ("p", "div", "li", "tr", "fieldset", "section"):
            self._end_after()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in SILENT:
            if self._open[-1] == "title":
                self.title += data
            return
        if self._option is not None:
            self._option[1].append(data)
        elif self._area is not None:
            self._area.text += data
        elif self._heading is not None:
            self._heading.append(data)
        elif self._label is not None:
            self._label[1].append(data)
        else:
            self._words.append(data)
            if self._choice is not None:
                self._choice.text += data
            if self._after is not None:
                self._after.label += data

    def problem(self) -> str:
        """What is broken beyond reading on; "" for nothing."""
        if self.rawdata.strip():
            return "it ends in the middle of a tag."
        if "select" in self._open or self._select is not None:
            return "a pick list does not end."
        if "textarea" in self._open or "script" in self._open or "style" in self._open:
            return "an element does not end."
        return ""

    # --- what it means ---

    def _begin_section(self, title: str) -> None:
        self._end_after()
        self._legend = ""
        self.sections.append((" ".join(title.split()), []))

    def _end_heading(self, tag: str, words: str) -> None:
        if not words:
            return
        if tag == "legend":
            self._legend = words
        elif tag == "header" and not self.sections[-1][1] and self.sections[-1][0]:
            pass  # the section's own name once more
        elif tag != "h1":
            self._begin_section(words)

    def _end_label(self) -> None:
        assert self._label is not None
        name, words = self._label
        text = _plain(" ".join(words))
        self._label = None
        if name:
            self.labels[name] = text
        for one in self._in_label:
            one.label = one.label or text
        if self._choice is not None:
            self._choice.text = self._choice.text or text
            self._choice = None
            return
        if not name and not self._in_label:
            self._words.append(text)
        self._in_label = []

    def _input(self, given: dict[str, str]) -> None:
        kind = given.get("type", "text").lower()
        if kind in NO_FIELDS:
            return
        if kind == "radio":
            self._radio(given)
            return
        made = self._new_field(given, KINDS.get(kind, FieldKind.TEXT))
        if kind not in KINDS:
            self.notices.append(f"A field of the unknown type {kind[:20]} is read as text.")
        if made.kind is FieldKind.CHECK and self._label is None:
            self._after = made

    def _radio(self, given: dict[str, str]) -> None:
        name = given.get("name") or given.get("id") or f"field {self.count}"
        group = self._radios.get(name)
        if group is None:
            group = self._new_field({**given, "id": name}, FieldKind.PICK)
            group.options.append(_Choice("", ""))
            if group in self._in_label:  # the label is the choice's, not the field's
                self._in_label.remove(group)
            self._radios[name] = group
        own = given.get("id", "")
        choice = _Choice("", given.get("value") or own, given.get(f"{_OUR}answer", ""), own)
        group.options.append(choice)
        self._choice = choice
        if "checked" in given:
            group.chosen = choice.value

    def _new_field(self, given: dict[str, str], kind: FieldKind) -> _Building:
        self._end_after()
        self.count += 1
        name = given.get("id") or given.get("name") or f"field {self.count}"
        made = _Building(name, kind, given, heading=self._legend)
        if self._label is not None:
            self._in_label.append(made)
        elif kind is not FieldKind.CHECK:
            made.label = _plain(" ".join(self._words))
        self._words = []
        if self.count <= MOST_FIELDS:
            self.sections[-1][1].append(made)
        return made

    def _end_option(self) -> None:
        if self._option is None or self._select is None:
            return
        given, words = self._option
        self._option = None
        text = " ".join(" ".join(words).split())
        value = " ".join(given.get("value", text).split())
        self._select.options.append(_Choice(text, value, given.get(f"{_OUR}answer", "")))
        if "selected" in given:
            self._select.chosen = value

    def _end_after(self) -> None:
        self._after = self._choice = None


_BADGE = re.compile(r"\s*\b(?:RID\d+(?:/\d+)?|RadLex)\b")


def _plain(text: str) -> str:
    """A label without the colon behind it, and without the number of its code."""
    return " ".join(_BADGE.sub("", text).split()).rstrip(" :*")


def _template(reader: _Reader, path: Path) -> Template:
    meta = reader.meta
    title = meta.get("dcterms.title") or " ".join(reader.title.split()) or path.stem
    notices = list(reader.notices)
    if reader.count > MOST_FIELDS:
        notices.append(f"Only the first {MOST_FIELDS:,} fields are read.")
    language = meta.get("dcterms.language") or reader.language or "en"
    ages = tuple(int(one) for one in re.findall(r"\d+", meta.get("wetread.ages", ""))[:2])
    return Template(
        identifier=_identifier(meta.get("dcterms.identifier") or path.stem),
        title=title,
        language=language if re.fullmatch(r"[A-Za-z]{2,3}(-[\w-]+)?", language) else "en",
        sections=_sections(reader, notices),
        modalities=_modalities(meta),
        body_part=_body_part(meta, title),
        procedures=_listed(meta.get("wetread.procedures", "")),
        ages=(ages[0], ages[1]) if len(ages) == 2 else (0, 200),
        description=meta.get("dcterms.description", ""),
        creator=meta.get("dcterms.creator", ""),
        rights=meta.get("dcterms.rights") or meta.get("dcterms.license", ""),
        date=meta.get("dcterms.date", ""),
        notices=tuple(dict.fromkeys(notices)),
    )


def _identifier(text: str) -> str:
    """A name that can also be that of a file."""
    return re.sub(r"[^\w.-]+", "-", text.strip())[:80].strip("-.") or "template"


def _listed(text: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in text.split(",") if one.strip())


@cache
def _words() -> dict[str, list[str] | dict[str, Any]]:
    text = (files(__package__) / "headings.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _modalities(meta: Mapping[str, str]) -> tuple[str, ...]:
    named = meta.get("wetread.modalities") or meta.get("rrt:modality", "")
    known = _words()["modalities"]
    assert isinstance(known, dict)
    found: dict[str, None] = {}
    for one in re.split(r"[,;/ ]+", named.upper()):
        found |= dict.fromkeys(known.get(one, [one] if one else []))
    return tuple(found)


def _body_part(meta: Mapping[str, str], title: str) -> str:
    return region_of(meta.get("wetread.region", ""), meta.get("rrt:bodyregion", ""), title)


def kind_of_heading(heading: str) -> SectionKind:
    """The section that a heading means; the findings, where it says nothing."""
    lower = heading.casefold()
    found = [
        (lower.index(word), name)
        for name, words in _words().items()
        if isinstance(words, list)
        for word in words
        if word in lower
    ]
    return SectionKind[min(found)[1].upper()] if found else SectionKind.FINDINGS


def _sections(reader: _Reader, notices: list[str]) -> tuple[TemplateSection, ...]:
    sections = []
    for title, buildings in reader.sections:
        kind = kind_of_heading(title)
        title = title or kind.value
        fields = tuple(_field(one, reader.labels, notices, title) for one in buildings)
        if fields:
            sections.append(TemplateSection(kind, title, fields))
    return tuple(sections)


def _field(building: _Building, labels: Mapping[str, str], notices: list[str], title: str) -> Field:
    given = building.attributes
    label = labels.get(building.id) or _plain(building.label) or _plain(building.heading)
    label = label or given.get("title") or given.get("data-en") or title
    made = Field(
        building.id,
        label,
        building.kind,
        default=_default(building, label),
        options=tuple(_option(one, labels) for one in building.options),
        unit=given.get("data-field-units") or given.get("data-unit", ""),
        low=_number(given.get("min", "")),
        high=_number(given.get("max", "")),
        merge=_merge(given),
    )
    return replace(made, question=_question(made, given, notices))


def _option(choice: _Choice, labels: Mapping[str, str]) -> Option:
    text = labels.get(choice.id, "") if choice.id else ""
    return Option(text or _plain(choice.text) or choice.value, choice.value, choice.answer)


def _default(building: _Building, label: str) -> str:
    given = building.attributes
    if building.kind is FieldKind.PICK:
        if building.chosen is not None:
            return building.chosen
        first = building.options[0].value if building.options else ""
        return "" if not first or any(not one.value for one in building.options) else first
    if building.kind is FieldKind.CHECK:
        return (check_value(given, label)) if "checked" in given else ""
    return " ".join((building.text or given.get("value", "")).split())


def check_value(given: Mapping[str, str], label: str) -> str:
    """What a check says when it is set."""
    value = given.get("value", "")
    return value if value and value.casefold() not in ("on", "true", "1", "yes") else label


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _merge(given: Mapping[str, str]) -> str:
    """The DICOM attribute that a field takes its value from."""
    own = given.get(f"{_OUR}merge", "")
    if own:
        return own
    sources = _words()["sources"]
    assert isinstance(sources, dict)
    if named := sources.get(given.get("data-ris-source", "")):
        return str(named)
    is_merge = given.get("data-field-type", "").upper() == "MERGE"
    return (given.get("name") or given.get("id", "")) if is_merge else ""


def _question(made: Field, given: Mapping[str, str], notices: list[str]) -> Question | None:
    text = " ".join(given.get(f"{_OUR}question", "").split())
    if not text:
        return None
    kind = given.get(f"{_OUR}question-type", "closed").casefold()
    if kind != "closed" or len(made.answers()) < 2:
        notices.append(f"The question of the field {made.label or made.id} is of no known kind.")
        return None
    threshold = _number(given.get(f"{_OUR}threshold", ""))
    sound = threshold is not None and 0 <= threshold <= 1
    return Question(
        text, given.get(f"{_OUR}about", ""), threshold if sound and threshold is not None else 0.5
    )
