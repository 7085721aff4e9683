"""What became of a model's suggestions: counts by model and month, as numbers, CSV and picture.

Only signed reports count, for only there every sentence is decided. Rejected words are kept on this
workstation and in no report; here they are counted and never shown. Readers are not counted apart.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from io import StringIO

from dicom_io.audit import Entry, Event
from dicom_io.report.document import (
    Algorithm,
    Decision,
    Origin,
    ReportDocument,
    ReportState,
    Sentence,
)

REFUSED = "draft refused"  # as the audit says it
COLUMNS = (
    "model", "version", "sha256", "month", "drafts", "suggested", "accepted", "edited", "rejected",
    "acceptance", "words_changed", "refusals",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Count:
    """One version of a model in one month."""

    model: str
    version: str
    sha256: str
    month: str  # 2026-03
    drafts: int = 0  # signed reports that it had a part in
    accepted: int = 0
    edited: int = 0
    rejected: int = 0
    words_changed: int = 0  # in edited sentences: put in, left out or exchanged
    words: int = 0  # of edited sentences as they were suggested
    refusals: int = 0

    @property
    def suggested(self) -> int:
        return self.accepted + self.edited + self.rejected

    @property
    def acceptance(self) -> float | None:
        """The share of sentences that were accepted as they were; None for no sentence."""
        return self.accepted / self.suggested if self.suggested else None

    @property
    def edit_distance(self) -> float | None:
        """The share of words that were changed in edited sentences; None without any."""
        return self.words_changed / self.words if self.words else None


def count(documents: Iterable[ReportDocument], entries: Iterable[Entry] = ()) -> tuple[Count, ...]:
    """The counts of all models and months, the oldest first. `entries` are the audit's."""
    found: dict[tuple[str, str, str, str], Count] = {}
    for document in documents:
        if document.state is not ReportState.SIGNED:
            continue
        by_model: dict[Algorithm, list[Sentence]] = {}
        models = {one.request: one.algorithm for one in document.asked if one.algorithm}
        for sentence in document.added():
            algorithm = models.get(sentence.request)
            if sentence.origin in (Origin.AI, Origin.AI_EDITED) and algorithm is not None:
                by_model.setdefault(algorithm, []).append(sentence)
        for algorithm, sentences in by_model.items():
            key = (algorithm.name, algorithm.version, algorithm.sha256, document.signed_at[:7])
            found[key] = _added(found.get(key) or Count(*key), sentences)
    for entry in entries:
        details = dict(entry.details)
        if entry.event == Event.ACCESSED_BY_MODEL.name and details.get("what") == REFUSED:
            key = (details.get("model", ""), details.get("version", ""), "", entry.time[:7])
            known = found.get(key) or Count(*key)
            found[key] = replace(known, refusals=known.refusals + 1)
    return tuple(found[key] for key in sorted(found, key=lambda key: (key[3], *key[:3])))


def _added(known: Count, sentences: Sequence[Sentence]) -> Count:
    """The count with one more report."""
    edited = [one for one in sentences if one.origin is Origin.AI_EDITED]
    rejected = [one for one in sentences if one.state is Decision.REJECTED]
    changed = [one for one in edited if one.state is Decision.ACCEPTED]
    return replace(
        known,
        drafts=known.drafts + 1,
        accepted=known.accepted + len(sentences) - len(rejected) - len(changed),
        edited=known.edited + len(changed),
        rejected=known.rejected + len(rejected),
        words_changed=known.words_changed
        + sum(distance(one.suggested.split(), one.text.split()) for one in changed),
        words=known.words + sum(len(one.suggested.split()) for one in changed),
    )


def distance(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words must be put in, left out or exchanged (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, word in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, theirs in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != theirs))
    return row[-1]


def as_csv(counts: Iterable[Count]) -> str:
    """One line a model and month."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in counts:
        writer.writerow(
            (
                one.model, one.version, one.sha256, one.month, one.drafts, one.suggested,
                one.accepted, one.edited, one.rejected, _share(one.acceptance),
                _share(one.edit_distance), one.refusals,
            )
        )  # fmt: skip
    return text.getvalue()


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def total(counts: Iterable[Count], algorithm: Algorithm) -> Count:
    """All months of one version of a model together."""
    whole = Count(algorithm.name, algorithm.version, algorithm.sha256, "")
    for one in counts:
        if (one.model, one.version, one.sha256) == (whole.model, whole.version, whole.sha256):
            whole = replace(
                whole,
                drafts=whole.drafts + one.drafts,
                accepted=whole.accepted + one.accepted,
                edited=whole.edited + one.edited,
                rejected=whole.rejected + one.rejected,
                words_changed=whole.words_changed + one.words_changed,
                words=whole.words + one.words,
                refusals=whole.refusals + one.refusals,
            )
    return whole


def why_switched_off(whole: Count, least: float, after: int) -> str:
    """Why a model must not draft any more, in a sentence; "" while it may.

    `least` is the share of sentences that must have been accepted or edited (0: no rule), once
    `after` sentences were decided.
    """
    if least <= 0 or whole.suggested < max(after, 1):
        return ""
    kept = (whole.accepted + whole.edited) / whole.suggested
    if kept >= least:
        return ""
    return (
        f"The model {whole.model} {whole.version} is switched off here: of {whole.suggested} "
        f"sentences that it suggested, readers kept {kept:.0%}, and the rule asks for {least:.0%}. "
        "Choose another model, or change model.least_kept in the settings."
    )


WIDTH, HEIGHT, EDGE = 640, 240, 48  # of the picture


def as_svg(counts: Sequence[Count]) -> str:
    """What was accepted, edited and rejected month by month, as stacked bars with their numbers."""
    bars = [one for one in counts if one.suggested]
    step = (WIDTH - 2 * EDGE) / max(len(bars), 1)
    tall = HEIGHT - 2 * EDGE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="10">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{EDGE}" y="20" font-size="12">Sentences accepted (full), edited (hatched), '
        "rejected (empty)</text>",
        '<defs><pattern id="edited" width="4" height="4" patternUnits="userSpaceOnUse">'
        '<path d="M0 4L4 0" stroke="#0c5472"/></pattern></defs>',
    ]
    for position, one in enumerate(bars):
        left = EDGE + position * step
        top = float(EDGE)
        shares = ((one.rejected, "none"), (one.edited, "url(#edited)"), (one.accepted, "#0c5472"))
        for number, fill in shares:
            high = tall * number / one.suggested
            parts.append(
                f'<rect x="{left:.1f}" y="{top:.1f}" width="{step * 0.7:.1f}" '
                f'height="{high:.1f}" fill="{fill}" stroke="#0c5472"/>'
            )
            top += high
        words = f"{one.accepted}+{one.edited} of {one.suggested}"
        name = escape(f"{one.model} {one.version}")
        for line, text in enumerate((one.month, words, name)):
            y = HEIGHT - EDGE + 14 + 12 * line
            parts.append(f'<text x="{left:.1f}" y="{y}">{text}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
