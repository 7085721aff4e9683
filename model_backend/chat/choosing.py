"""Which of several candidates an answer names, and how likely each was at its first token."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from model_backend.chat.stream import Scored

LONGEST_QUESTION = 80  # words by which a fit knows a question (spec/biomedgpt.md §8)
_MARKS = " \t\r\n\"'`*_.,;:!“”‘’«»"  # around an answer that is to be one of a list


def plain(text: str) -> str:
    """An answer without case, surrounding marks and doubled blanks."""
    return " ".join(text.casefold().split()).strip(_MARKS)


def named(candidates: Sequence[str], answer: str) -> int | None:
    """Which candidate the answer is, exactly but for case and marks; None for none of them."""
    said = plain(answer)
    return next((i for i, one in enumerate(candidates) if plain(one) == said), None)


def first_token_scores(
    candidates: Sequence[str], answer: str, scored: Sequence[Scored]
) -> tuple[float, ...] | None:
    """The log-probability of each candidate's beginning at the place of the first token.

    The tokens that begin a candidate are added up ("Yes", " yes" and "y" for "yes"). None where
    that says nothing: no log-probabilities, a token that begins two candidates, a candidate that
    is not among the alternatives, or a first token that is not the answer's.
    """
    first = next((one for one in scored if plain(one.token)), None)
    if first is None or not plain(answer).startswith(plain(first.token)):
        return None
    beginnings = [plain(one) for one in candidates]
    sums = [0.0] * len(beginnings)
    for token, logprob in first.others:
        word = plain(token)
        begun = [i for i, one in enumerate(beginnings) if word and one.startswith(word)]
        if len(begun) > 1:
            return None
        for i in begun:
            sums[i] += math.exp(logprob)
    return tuple(map(math.log, sums)) if all(sums) else None


def fitted_question(text: str) -> str:
    """A closed question as a fit is kept for it: cleaned as BiomedGPT's are (spec/biomedgpt.md §8),
    so that one labelled set fits any model. Said again here because that code needs torch."""
    plainer = text.lower().lstrip(",.!?*#:;~").replace("-", " ").replace("/", " ")
    words = re.sub(r"\s{2,}", " ", plainer).rstrip("\n").strip(" ").split(" ")[:LONGEST_QUESTION]
    cleaned = " ".join(words)
    return cleaned if cleaned.endswith("?") else f"{cleaned}?"
