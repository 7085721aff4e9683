"""ReportDocument, Section and Sentence: what a report says, and who said it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from dicom_io.identity import Identity


class Origin(StrEnum):
    """Who wrote a sentence."""

    HUMAN = "human"
    AI = "ai"
    AI_EDITED = "ai edited"
    TEMPLATE = "template"


class Decision(StrEnum):
    """What the reader has done with a sentence. Human sentences are born accepted."""

    SUGGESTED = "suggested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class ReportState(StrEnum):
    """The life of a report. Signed reports are never changed, only followed by a new one."""

    DRAFT = "draft"
    PRELIMINARY = "preliminary"  # released by a person, not signed; its draft stays open
    SIGNED = "signed"


class SectionKind(StrEnum):
    """The sections of a report, in their order (spec: DICOM CID 7001)."""

    INDICATION = "Indication"
    TECHNIQUE = "Technique"
    COMPARISON = "Comparison"
    FINDINGS = "Findings"
    IMPRESSION = "Impression"
    ADDENDUM = "Addendum"  # what was added after signing


@dataclass(frozen=True, slots=True)
class Region:
    """A box in stored pixels: x0, y0 the top left corner, x1, y1 the bottom right one.

    Columns and rows from the top left corner of the top left pixel (PS3.3 C.18.6.1.1).
    """

    identity: Identity  # instance and frame
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Algorithm:
    """The model behind a sentence, as TID 4019 and the device observer name it."""

    name: str
    version: str
    sha256: str  # of the weights, 64 hex digits
    manufacturer: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """The request behind a sentence, enough to repeat it (product.md §6, model traceability)."""

    request: str  # id
    task: str
    text: str
    candidates: tuple[str, ...] = ()
    images: tuple[Identity, ...] = ()
    region: Region | None = None
    parameters: tuple[tuple[str, str], ...] = ()  # decoding settings, seed, window
    algorithm: Algorithm | None = None
    answer: str = ""  # what the model said: of a closed question the answer that it chose
    about: str = ""  # the finding that a closed question is about, by its English name


@dataclass(frozen=True, slots=True)
class Link:
    """Words of a sentence that follow a mark or a key image of its study until it is signed."""

    identity: Identity  # the frame that it lies on
    words: str  # as they stand in the sentence
    mark: str = ""  # Annotation.id; "" for a key image
    is_gone: bool = False  # the mark was deleted; the words still say what it measured

    @property
    def target(self) -> tuple[str, Identity]:
        """What it follows."""
        return self.mark, self.identity


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence with its ledger entry."""

    id: str
    text: str
    origin: Origin
    state: Decision
    probability: float | None = None  # None: not known, never a guess
    request: str = ""  # Asked.request
    region: Region | None = None
    note: str = ""  # what is known of it beyond its probability: "cut off", "not calibrated"
    suggested: str = ""  # the model's own words, kept when a person edits them
    basis: str = ""  # Asked.request of the closed question that its probability comes from
    links: tuple[Link, ...] = ()  # in the order of their words

    @property
    def is_decided(self) -> bool:
        return self.state is not Decision.SUGGESTED

    def accepted(self) -> Sentence:
        return replace(self, state=Decision.ACCEPTED)

    def rejected(self) -> Sentence:
        return replace(self, state=Decision.REJECTED)

    def edited(self, text: str) -> Sentence:
        """The sentence in a person's words; an AI sentence remembers what it was, and a form's
        becomes the person's own."""
        links = standing(text, self.links)
        if text == self.text:
            return replace(self, state=Decision.ACCEPTED)
        if self.origin in (Origin.HUMAN, Origin.TEMPLATE):
            return replace(
                self, text=text, origin=Origin.HUMAN, state=Decision.ACCEPTED, links=links
            )
        return replace(
            self,
            text=text,
            origin=Origin.AI_EDITED,
            state=Decision.ACCEPTED,
            suggested=self.suggested or self.text,
            links=links,
        )

    def following(self, target: tuple[str, Identity], words: str | None) -> Sentence:
        """The sentence after what one of its links follows has changed to `words`; None: it is
        gone, and the words stay as they were."""
        text, links, start = "", [], 0
        for link in self.links:
            found = self.text.find(link.words, start)
            if found < 0:
                continue
            new = link
            if link.target == target:
                new = replace(link, words=words or link.words, is_gone=not words)
            text += self.text[start:found] + new.words
            start = found + len(link.words)
            links.append(new)
        return replace(self, text=text + self.text[start:], links=tuple(links))


def standing(text: str, links: Iterable[Link]) -> tuple[Link, ...]:
    """The links whose words still stand in the text, one after the other."""
    kept, start = [], 0
    for link in links:
        found = text.find(link.words, start)
        if found >= 0:
            kept.append(link)
            start = found + len(link.words)
    return tuple(kept)


def human_sentence(text: str) -> Sentence:
    """A sentence that the reader wrote."""
    return Sentence(new_id(), text, Origin.HUMAN, Decision.ACCEPTED)


def new_id() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Section:
    kind: SectionKind
    sentences: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """The person who signs: name in DICOM form (Family^Given) and organisation."""

    name: str
    organization: str


@dataclass(frozen=True)
class ReportDocument:
    """A report as a value: an edit makes a new one.

    `identity` is the film's (to the instance); `evidence` are all images that were looked at.
    """

    identity: Identity
    title: str = "Diagnostic Imaging Report"
    language: str = "en"  # RFC 5646
    sections: tuple[Section, ...] = ()
    evidence: tuple[Identity, ...] = ()
    asked: tuple[Asked, ...] = ()
    state: ReportState = ReportState.DRAFT
    reader: Reader | None = None
    signed_at: str = ""  # ISO 8601 with offset
    predecessor: str = ""  # SOP Instance UID of the version before
    locked: tuple[str, ...] = ()  # ids of sentences that the version before has said; they stay
    id: str = field(default_factory=new_id)
    preliminary: str = ""  # SOP Instance UID of the preliminary version that was released last

    @property
    def before(self) -> str:
        """SOP Instance UID of the version that this one follows, "" for the first."""
        return self.preliminary or self.predecessor

    def addendum(self, uid: str) -> ReportDocument:
        """A draft that follows this signed report, whose SOP Instance UID is `uid`: what it says
        stays word for word, and something is added."""
        said = tuple(
            Section(part.kind, kept)
            for part in self.sections
            if (kept := tuple(s for s in part.sentences if s.state is Decision.ACCEPTED))
        )
        return replace(
            self,
            sections=said,
            state=ReportState.DRAFT,
            reader=None,
            signed_at="",
            predecessor=uid,
            preliminary="",
            locked=tuple(one.id for part in said for one in part.sentences),
            id=new_id(),
        )

    def added(self) -> tuple[Sentence, ...]:
        """The sentences that the version before has not said."""
        return tuple(one for one in self.sentences() if one.id not in self.locked)

    def section(self, kind: SectionKind) -> Section:
        """The section of that kind, empty when the report has none."""
        for section in self.sections:
            if section.kind is kind:
                return section
        return Section(kind)

    def with_section(self, section: Section) -> ReportDocument:
        """This report with that section put in its place (SectionKind's order)."""
        kept = [old for old in self.sections if old.kind is not section.kind]
        order = list(SectionKind)
        ordered = sorted([*kept, section], key=lambda one: order.index(one.kind))
        return replace(self, sections=tuple(ordered))

    def with_sentence(self, sentence: Sentence) -> ReportDocument:
        """This report with the sentence of that id replaced. Raises KeyError if there is none."""
        for section in self.sections:
            if any(old.id == sentence.id for old in section.sentences):
                swapped = tuple(sentence if s.id == sentence.id else s for s in section.sentences)
                return self.with_section(replace(section, sentences=swapped))
        raise KeyError(sentence.id)

    def sentences(self) -> tuple[Sentence, ...]:
        return tuple(s for section in self.sections for s in section.sentences)

    def undecided(self) -> tuple[Sentence, ...]:
        return tuple(s for s in self.sentences() if not s.is_decided)

    def algorithms(self) -> tuple[Algorithm, ...]:
        """The models that were asked, each once, in order."""
        seen = dict.fromkeys(a.algorithm for a in self.asked if a.algorithm is not None)
        return tuple(seen)
