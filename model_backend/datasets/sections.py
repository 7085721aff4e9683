"""The sections of an English or German radiology report that is one piece of text."""

from __future__ import annotations

import re

FINDINGS, IMPRESSION, OTHER = "findings", "impression", "other"

_HEADINGS = {
    FINDINGS: ("findings", "finding", "report", "befund", "befunde"),
    IMPRESSION: ("impression", "impressions", "conclusion", "conclusions", "opinion")
    + ("beurteilung", "zusammenfassung"),
    OTHER: ("examination", "exam", "indication", "history", "clinical history", "comparison")
    + ("technique", "clinical information", "reason for exam", "reason for this examination")
    + ("reason for examination", "recommendation", "recommendations", "notification", "wet read")
    + ("final report", "medical condition", "underlying medical condition", "procedure", "study")
    + ("clinical indication", "addendum", "fragestellung", "klinische angaben", "technik")
    + ("indikation", "vergleich", "voraufnahmen", "methode", "addendum", "provisional findings"),
}
_KIND = {name: kind for kind, names in _HEADINGS.items() for name in names}
_NAMES = "|".join(sorted((re.escape(name) for name in _KIND), key=len, reverse=True))
# A heading begins a line; its colon may be missing where it stands alone on the line.
_HEADING = re.compile(rf"^[ \t_*#]*({_NAMES})[ \t*]*(?::|(?=\r?$))", re.IGNORECASE | re.MULTILINE)

_RULE = re.compile(r"_{4,}")  # a line across the page; three stand for a name taken out


def sections_of(report: str) -> dict[str, str]:
    """The texts of findings and impression, each on one line; a missing one is not there."""
    found: dict[str, str] = {}
    headings = list(_HEADING.finditer(report))
    for place, heading in enumerate(headings):
        kind = _KIND[" ".join(heading[1].lower().split())]
        end = headings[place + 1].start() if place + 1 < len(headings) else len(report)
        text = " ".join(_RULE.sub(" ", report[heading.end() : end]).split())
        if kind != OTHER and text:
            found[kind] = f"{found[kind]} {text}" if kind in found else text
    return found
