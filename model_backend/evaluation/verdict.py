"""Is a model what its name says: its measured figures beside published ones, in plain words.

The rule. A figure is *far below* when even the upper end of its 95 % interval lies under four
fifths of the published value, *below* when that end lies under the published value less the
value's own uncertainty, and agrees otherwise. Apart from that, a model whose interval lies wholly
under what the commonest answer alone would reach has not understood the questions. Fewer than 30
cases, or a published value that is itself in doubt, condemn nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model_backend.evaluation.published import Published
from model_backend.evaluation.scores import TITLES, Score

FAR = 0.8  # share of the published value
FEWEST = 30  # cases


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from the figures. `passed` is None where there was nothing to hold them to."""

    passed: bool | None
    text: str


def judged(scores: Sequence[Score], published: Published | None, where: str) -> Verdict:
    """`published` is what the file claims to be, None when it claims nothing; `where` says why
    there is nothing to compare with."""
    if max(one.cases for one in scores) < FEWEST:
        return Verdict(None, f"Fewer than {FEWEST} cases prove nothing.")
    verdict = Verdict(None, where) if published is None else _beside(scores, published)
    sunken = next((one for one in scores if one.floor is not None and one.high < one.floor), None)
    if sunken is None or verdict.passed is False:
        return verdict
    return Verdict(
        False,
        f"{sunken.value:.0f} % ({TITLES[sunken.name]}) where the commonest answer alone would "
        f"reach {sunken.floor:.0f} %: this model does worse than a constant on this set. The "
        "labels, the wording of the questions or the file are wrong.",
    )


def _beside(scores: Sequence[Score], published: Published) -> Verdict:
    compared = [(one, published.values[one.name]) for one in scores if one.name in published.values]
    compared = [(one, value) for one, value in compared if one.cases >= FEWEST]
    if not compared:
        return Verdict(None, "None of these figures is among those that the authors report.")
    if published.doubt:
        return Verdict(None, f"The published value is itself in doubt: {published.doubt}.")
    # Parts beside the whole would only be further chances to fail by chance. Without a whole: the
    # one that lies lowest beside what was expected of it.
    whole = [(one, value) for one, value in compared if one.name == "overall"]
    one, value = min(whole or compared, key=lambda pair: pair[0].high / pair[1])
    pair = f"{one.value:.0f} % ({TITLES[one.name]}) where the authors report {value:.0f} %"
    if one.high < FAR * value:
        return Verdict(False, f"{pair}: this file is not what its name says.")
    if one.high < value - published.within:
        return Verdict(
            False, f"{pair}: lower than chance explains. Do not rely on it before you know why."
        )
    return Verdict(True, f"As the authors report, within the interval: {pair}.")
