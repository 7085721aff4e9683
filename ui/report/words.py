"""What is known of a sentence, in the words that stand at the right edge of its row."""

from __future__ import annotations

from dicom_io.report.document import Decision, Origin, Sentence

# Lower bound of the probability and its word; the number always stands beside the word.
WORDS = (
    (0.95, "very likely"),
    (0.75, "likely"),
    (0.55, "rather likely"),
    (0.45, "uncertain"),
    (0.25, "rather unlikely"),
    (0.05, "unlikely"),
    (0.0, "very unlikely"),
)
MARKS = {Origin.AI: "AI", Origin.AI_EDITED: "AI", Origin.TEMPLATE: "FORM", Origin.HUMAN: "YOU"}
NOT_CALIBRATED = "not calibrated"
SHORT = (NOT_CALIBRATED, "cut off", "same on noise")  # notes that stand at the right edge


def probability_words(probability: float) -> str:
    """A probability (0 to 1) as word and number.

    >>> probability_words(0.87)
    'likely · 0.87'
    """
    word = next(word for bound, word in WORDS if probability >= bound)
    return f"{word} · {probability:.2f}"


def mark(sentence: Sentence) -> str:
    """Who wrote it: AI, YOU, or FORM for a template's sentence."""
    return MARKS[sentence.origin]


def known(sentence: Sentence) -> str:
    """Probability and notes of a suggestion, and what the reader did with it.

    A number appears only where it is calibrated; otherwise the note says why it does not.
    """
    if sentence.state is Decision.REJECTED:
        return "rejected"
    if sentence.origin is Origin.AI_EDITED:
        return "edited"
    is_calibrated = NOT_CALIBRATED not in sentence.note
    if sentence.origin is Origin.AI and sentence.state is Decision.ACCEPTED:
        share = sentence.probability if is_calibrated else None
        return "accepted" if share is None else f"accepted · {share:.2f}"
    parts = []
    if sentence.probability is not None and is_calibrated:
        parts.append(probability_words(sentence.probability))
    parts += [note for note in _notes(sentence) if note in SHORT]
    return " · ".join(parts)


def remark(sentence: Sentence) -> str:
    """The notes that are too long for the right edge, while the sentence is undecided."""
    if sentence.is_decided:
        return ""
    said = ", ".join(note for note in _notes(sentence) if note not in SHORT)
    return said[:1].upper() + said[1:]


def _notes(sentence: Sentence) -> list[str]:
    return [note for note in sentence.note.split(", ") if note]


def explained(sentence: Sentence) -> str:
    """The same at full length, for the tooltip."""
    lines = {
        Origin.AI: "Suggested by the model.",
        Origin.AI_EDITED: f"The model suggested: {sentence.suggested}",
        Origin.TEMPLATE: "From the template.",
        Origin.HUMAN: "Written by you.",
    }
    parts = [lines[sentence.origin]]
    if sentence.probability is not None and NOT_CALIBRATED not in sentence.note:
        parts.append(f"The model's probability is {sentence.probability:.2f}.")
    if sentence.note:
        parts.append(f"Noted: {sentence.note}.")
    parts += {
        Decision.SUGGESTED: ["Not decided yet."],
        Decision.ACCEPTED: [],
        Decision.REJECTED: ["Rejected: it will not be in the report."],
    }[sentence.state]
    return "\n".join(parts)
