"""The fact score: what generated texts state and deny, held to what is known of the film; no torch.

ROUGE and CIDEr reward likeness of words; "no effusion" for "effusion" loses them little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_backend.evaluation.asked import Said
from model_backend.evaluation.measured import figure
from model_backend.evaluation.statements import (
    DENIED,
    DOUBTED,
    STATED,
    finding_named,
    known_findings,
    statements,
)

Places = NDArray[np.int64]

KINDS = {
    "stated": "findings that the texts say are there",
    "denied": "findings that they say are not there",
    "doubted": "findings that they leave open",
    "supported": "stated, and labelled as there",
    "rightly_denied": "denied, and labelled as not there",
    "contradictory": "stated or denied against the label",
    "unsupported": "stated, and not labelled either way",
    "labelled": "labelled as there",
    "missed": "labelled as there, and not spoken of",
}


@dataclass(frozen=True, slots=True)
class FactSheet:
    """What one text says of each finding, beside the labels."""

    said: dict[str, str]
    labels: dict[str, bool]

    def kinds(self, finding: str) -> tuple[str, ...]:
        """The kinds of KINDS that this finding counts for."""
        says, label = self.said.get(finding, ""), self.labels.get(finding)
        kinds = [says] if says else []
        if label:
            kinds.append("labelled")
        if says == STATED:
            judged = {True: "supported", False: "contradictory", None: "unsupported"}
            kinds.append(judged[label])
        elif says == DENIED and label is not None:
            kinds.append("contradictory" if label else "rightly_denied")
        elif label and not says:
            kinds.append("missed")
        return tuple(kinds)

    def counts(self) -> Counter[str]:
        """How many findings are of each kind."""
        names = self.said.keys() | self.labels.keys()
        return Counter(kind for name in sorted(names) for kind in self.kinds(name))


def fact_sheet(text: str, labels: dict[str, bool]) -> FactSheet:
    """A text beside labels in any set's names; labels that no text is searched for are dropped.

    A film that is labelled normal shows none of the findings.
    """
    known = known_findings()
    named = {finding_named(name): shown for name, shown in labels.items()}
    if named.get("normal"):
        named = {**dict.fromkeys(known, False), **named}
    return FactSheet(statements(text), {name: s for name, s in named.items() if name in known})


def fact_score(said: Sequence[Said], repeats: int = 1000) -> dict[str, Any]:
    """Counts, shares with intervals, and a row a finding; {} where no case has labels."""
    labelled = [one for one in said if one.case.labels]
    sheets = [fact_sheet(one.answer.text, dict(one.case.labels)) for one in labelled]
    kept = [place for place, sheet in enumerate(sheets) if sheet.labels]
    if not kept:
        return {}
    labelled, sheets = [labelled[p] for p in kept], [sheets[p] for p in kept]
    table = np.array([[sheet.counts()[kind] for kind in KINDS] for sheet in sheets], float)
    total = {kind: int(count) for kind, count in zip(KINDS, table.sum(0), strict=True)}
    shares = [
        figure(name, _share(table, top, below), labelled, repeats).as_json() | {"title": title}
        for name, title, top, below in SHARES
    ]
    names = sorted({name for sheet in sheets for name in (*sheet.said, *sheet.labels)})
    return {
        "cases": len(labelled),
        "counts": total,
        "shares": [one for one in shares if one["value"] is not None],
        "findings": [_row(name, sheets) for name in names],
    }


# name, title, kinds counted, out of these kinds
SHARES = (
    ("fact_precision", "of what is stated, supported", ("supported",), ("stated",)),
    ("fact_recall", "of what is labelled, stated", ("supported",), ("labelled",)),
    (
        "fact_contradiction",
        "of what is stated or denied, contradictory",
        ("contradictory",),
        ("stated", "denied"),
    ),
    ("fact_unsupported", "of what is stated, unsupported", ("unsupported",), ("stated",)),
)


def _share(
    table: NDArray[np.float64], top: Sequence[str], below: Sequence[str]
) -> Callable[[Places], float]:
    kinds = list(KINDS)
    over = [kinds.index(one) for one in top]
    under = [kinds.index(one) for one in below]

    def measure(places: Places) -> float:
        whole = float(table[places][:, under].sum())
        return 100.0 * float(table[places][:, over].sum()) / whole if whole else float("nan")

    return measure


def _row(name: str, sheets: Sequence[FactSheet]) -> dict[str, Any]:
    counts = Counter(kind for sheet in sheets for kind in sheet.kinds(name))
    return {"finding": name, **{kind: counts[kind] for kind in KINDS}}


__all__ = ["DENIED", "DOUBTED", "KINDS", "STATED", "FactSheet", "fact_score", "fact_sheet"]
