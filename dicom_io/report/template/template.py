"""Template, TemplateSection and Field: a report as a form that a person fills in."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from dicom_io.report.document import SectionKind


class FieldKind(StrEnum):
    """What a field takes."""

    TEXT = "text"  # one line
    LONG_TEXT = "long text"
    NUMBER = "number"
    DATE = "date"
    PICK = "pick"  # one of its options
    CHECK = "check"  # said or not said


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a pick list: what is shown, and what the report says ("" for nothing).

    `answer` is the answer to the field's question that chooses it, "" where none does.
    """

    text: str
    value: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A closed question for a model that a field is bound to.

    The answers, and what each of them says, are the field's options. Below `threshold` the model
    is not believed, and the option for "cannot assess" is taken where there is one.
    """

    text: str
    about: str = ""  # the finding, by its English name
    threshold: float = 0.5


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in. `default` is a value: of a check what is said at first, "" for nothing.

    `{StudyDate}` in a default is filled in from the image. `merge` names the DICOM attribute whose
    value it takes as a whole.
    """

    id: str
    label: str
    kind: FieldKind
    default: str = ""
    options: tuple[Option, ...] = ()
    unit: str = ""
    low: float | None = None
    high: float | None = None
    merge: str = ""
    question: Question | None = None

    def answers(self) -> tuple[str, ...]:
        """What a model may answer to the question of this field."""
        return tuple(option.answer for option in self.options if option.answer)

    def sentence_for(self, answer: str, probability: float) -> str:
        """What the report says when a model gives that answer, as sure as that."""
        if self.question is not None and probability < self.question.threshold:
            answer = CANNOT_ASSESS
        found = (one.value for one in self.options if one.answer.casefold() == answer.casefold())
        return next(found, "")


CANNOT_ASSESS = "cannot assess"


@dataclass(frozen=True, slots=True)
class TemplateSection:
    """The fields of one section, under the heading that the template gives it."""

    kind: SectionKind
    title: str
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Template:
    """A form for a kind of report. What it is for is said by modality, body part and procedure; an
    empty one is for any."""

    identifier: str
    title: str
    language: str = "en"  # RFC 5646
    sections: tuple[TemplateSection, ...] = ()
    modalities: tuple[str, ...] = ()  # as DICOM names them
    body_part: str = ""  # as dicom_io.anatomy names regions
    procedures: tuple[str, ...] = ()  # words that the name of the procedure holds
    ages: tuple[int, int] = (0, 200)  # years, both included
    description: str = ""
    creator: str = ""
    rights: str = ""
    date: str = ""
    notices: tuple[str, ...] = field(default=(), compare=False)  # what was left out in reading

    def fields(self) -> tuple[Field, ...]:
        """All fields, in their order."""
        return tuple(one for section in self.sections for one in section.fields)

    def questions(self) -> tuple[Field, ...]:
        """The fields that are bound to a question for a model."""
        return tuple(one for one in self.fields() if one.question is not None)
