"""What is known of a sentence, in the words that stand at the right edge of its row."""

from __future__ import annotations

from dicom_io.report.document import Decision, Origin, SectionKind, Sentence
from dicom_io.report.doubts import doubts_of
from ui.language import figure, later, tr

# Lower bound of the probability and its word; the number always stands beside the word.
WORDS = (
    (0.95, later("very likely")),
    (0.75, later("likely")),
    (0.55, later("rather likely")),
    (0.45, later("uncertain")),
    (0.25, later("rather unlikely")),
    (0.05, later("unlikely")),
    (0.0, later("very unlikely")),
)
MARKS = {
    Origin.AI: later("AI"),
    Origin.AI_EDITED: later("AI"),
    Origin.TEMPLATE: later("FORM"),
    Origin.HUMAN: later("YOU"),
}
NOT_CALIBRATED = later("not calibrated")  # notes are kept in English, and shown by `tr`
FLAGGED = "▲"  # a shape, so that no colour is needed to see it
SHORT = (
    NOT_CALIBRATED,
    later("cut off"),
    later("same on noise"),
)  # notes that stand at the right edge


SECTIONS = {
    SectionKind.INDICATION: later("Indication"),
    SectionKind.TECHNIQUE: later("Technique"),
    SectionKind.COMPARISON: later("Comparison"),
    SectionKind.FINDINGS: later("Findings"),
    SectionKind.IMPRESSION: later("Impression"),
    SectionKind.ADDENDUM: later("Addendum"),
}


def section_title(kind: SectionKind) -> str:
    """What a section is called in the window."""
    return tr(SECTIONS[kind])


NOTES = (  # what else a suggestion may carry, for translators
    later("the closed question says otherwise"),
    later("the end of the text was not read"),
    later("names the other side than the image"),
    later("names an organ of the other sex"),
    later("there is no such level"),
    later("nobody has measured this"),
    later("the findings say otherwise"),
    later("the file does not say what it shows"),
    later("the model knows little beyond chest films"),
)


def probability_words(probability: float) -> str:
    """A probability (0 to 1) as word and number.

    >>> probability_words(0.87)
    'likely · 0.87'
    """
    word = next(word for bound, word in WORDS if probability >= bound)
    return figure(f"{tr(word)} · {probability:.2f}")


def mark(sentence: Sentence) -> str:
    """Who wrote it: AI, YOU, or FORM for a template's sentence."""
    return tr(MARKS[sentence.origin])


def known(sentence: Sentence) -> str:
    """Probability and notes of a suggestion, and what the reader did with it.

    A number appears only where it is calibrated; otherwise the note says why it does not.
    """
    if sentence.state is Decision.REJECTED:
        return tr("rejected")
    if sentence.origin is Origin.AI_EDITED:
        return tr("edited")
    is_calibrated = NOT_CALIBRATED not in sentence.note
    if sentence.origin is Origin.AI and sentence.state is Decision.ACCEPTED:
        share = sentence.probability if is_calibrated else None
        word = tr("accepted")
        return word if share is None else figure(f"{word} · {share:.2f}")
    parts = []
    if sentence.probability is not None and is_calibrated:
        parts.append(probability_words(sentence.probability))
    parts += [tr(note) for note in _notes(sentence) if note in SHORT]
    if doubts_of(sentence):
        parts.insert(0, FLAGGED)
    return " · ".join(parts)


def remark(sentence: Sentence) -> str:
    """A deleted measurement, and while the sentence is undecided the notes that are too long for
    the right edge."""
    if any(link.is_gone for link in sentence.links):
        return tr("What it measured was deleted; the words are the last ones.")
    if sentence.is_decided:
        return ""
    said = ", ".join(tr(note) for note in _notes(sentence) if note not in SHORT)
    return said[:1].upper() + said[1:]


def _notes(sentence: Sentence) -> list[str]:
    return [note for note in sentence.note.split(", ") if note]


def explained(sentence: Sentence) -> str:
    """The same at full length, for the tooltip."""
    lines = {
        Origin.AI: tr("Suggested by the model."),
        Origin.AI_EDITED: tr("The model suggested: {words}", words=sentence.suggested),
        Origin.TEMPLATE: tr("From the template."),
        Origin.HUMAN: tr("Written by you."),
    }
    parts = [lines[sentence.origin]]
    if sentence.probability is not None and NOT_CALIBRATED not in sentence.note:
        number = figure(f"{sentence.probability:.2f}")
        parts.append(tr("The model's probability is {number}.", number=number))
    if sentence.note:
        notes = ", ".join(tr(note) for note in _notes(sentence))
        parts.append(tr("Noted: {notes}.", notes=notes))
    parts += {
        Decision.SUGGESTED: [tr("Not decided yet.")],
        Decision.ACCEPTED: [],
        Decision.REJECTED: [tr("Rejected: it will not be in the report.")],
    }[sentence.state]
    return "\n".join(parts)
