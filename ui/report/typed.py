"""What a reader has typed or pasted, and whose sentence that makes it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dicom_io.report.document import (
    Decision,
    Link,
    Origin,
    ReportDocument,
    Sentence,
    human_sentence,
    new_id,
    standing,
)
from dicom_io.report.macros.expanding import is_as_given

ORIGIN_FORMAT = "application/x-wetread-sentence"  # beside the plain text on the clipboard
BY_AI = (Origin.AI, Origin.AI_EDITED)
LONGEST_PASTE = 2000  # characters of a sentence that a long paste is divided into
# Marks that turn the order of letters around without a trace; nobody types them.
_OVERRIDES = "\u202d\u202e"
_WORD = re.compile(r"\w{2,}")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class Typed:
    """The words of an editor, with all that they came from."""

    words: str
    links: tuple[Link, ...] = ()
    sources: tuple[Sentence, ...] = ()  # whose words were pasted and still stand there
    macros: tuple[str, ...] = ()  # what macros gave

    @property
    def text(self) -> str:
        return " ".join(self.words.split())


def as_sentence(typed: Typed) -> Sentence:
    """A new sentence: the model's while its words came from the model, a form's while they are
    a macro's alone, else the reader's own."""
    text, source = typed.text, _first_by_ai(typed.sources)
    links = standing(text, typed.links)
    if source is not None:
        taken = replace(source, id=new_id(), state=Decision.ACCEPTED, links=links)
        return taken if text == source.text else _half_taken(taken, text)
    own = replace(human_sentence(text), links=links)
    copied = any(one.origin is Origin.TEMPLATE and one.text == text for one in typed.sources)
    if copied or is_as_given(text, typed.macros):
        return replace(own, origin=Origin.TEMPLATE)
    return own


def as_edit(before: Sentence, typed: Typed) -> Sentence:
    """A sentence that stands there already, in the words typed."""
    text, source = typed.text, _first_by_ai(typed.sources)
    after = replace(before, links=typed.links).edited(text)
    if source is None or before.origin in BY_AI or text == before.text:
        return after
    taken = replace(source, id=before.id, state=Decision.ACCEPTED, links=after.links)
    return _half_taken(taken, text)


def _half_taken(taken: Sentence, text: str) -> Sentence:
    suggested = taken.suggested or taken.text
    return replace(taken, text=text, origin=Origin.AI_EDITED, suggested=suggested)


def _first_by_ai(sources: Sequence[Sentence]) -> Sentence | None:
    return next((one for one in sources if one.origin in BY_AI), None)


def still_holds(words: str, source: Sentence) -> bool:
    """True while any word of the source is among these."""
    return bool({*_WORD.findall(words)} & {*_WORD.findall(source.text)})


def pasted(text: str) -> str:
    """Text from anywhere as an editor takes it: without control characters."""
    return "".join(
        " " if one in "\t\n\r\f\v\u2028\u2029" else one
        for one in text
        if (one >= " " and not "\x7f" <= one <= "\x9f" and one not in _OVERRIDES)
        or one in "\t\n\r\f\v"
    )


def divided(text: str) -> list[str]:
    """A long text in several sentences, each short enough for a report; else as it is."""
    if len(text) <= LONGEST_PASTE:
        return [text]
    parts = [""]
    for piece in _SENTENCE_END.split(text):
        for start in range(0, len(piece), LONGEST_PASTE):
            part = piece[start : start + LONGEST_PASTE]
            if parts[-1] and len(parts[-1]) + len(part) >= LONGEST_PASTE:
                parts.append("")
            parts[-1] = f"{parts[-1]} {part}".strip()
    return parts


def written_out(sentence: Sentence, report: str) -> bytes:
    """A sentence's origin for the clipboard; it names no patient."""
    said = {
        "report": report,
        "id": sentence.id,
        "text": sentence.text,
        "origin": sentence.origin.value,
        "suggested": sentence.suggested,
    }
    return json.dumps(said).encode("utf-8")


def read_back(content: bytes, document: ReportDocument | None) -> Sentence | None:
    """The sentence that was copied: as it stands in this report, else what is known of it."""
    try:
        said = json.loads(content.decode("utf-8"))
        kept = Sentence(
            new_id(),
            str(said["text"]),
            Origin(said["origin"]),
            Decision.ACCEPTED,
            suggested=str(said["suggested"]),
        )
        report, identifier = str(said["report"]), str(said["id"])
    except (ValueError, KeyError, TypeError):
        return None  # somebody else's
    if document is None or document.id != report:
        return kept
    own = (one for one in document.sentences() if one.id == identifier)
    return next((replace(one, text=kept.text) for one in own if one.text == kept.text), kept)
