"""ROUGE of summaries, and the re-tokenising that the authors apply to them first.

Lin, "ROUGE: a package for automatic evaluation of summaries" (2004); spec §11. Written here rather
than taken from the package rouge-score, which would bring NLTK and five more packages into every
installation for what is a stemmer and two counts; its results are equal (tests hold some).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from model_backend.evaluation.porter import stem

SHORT = 3  # letters up to which a word is not stemmed
TOKENS = {
    "(": "-lrb-",
    ")": "-rrb-",
    "[": "-lsb-",
    "]": "-rsb-",
    "{": "-lcb-",
    "}": "-rcb-",
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
}
ENDINGS = ("s", "m", "d", "ll", "re", "ve", "em")  # what follows an apostrophe within a word


def rouge_tokens(text: str) -> list[str]:
    """Words and numbers in small letters, those of more than three letters stemmed."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return [stem(word) if len(word) > SHORT else word for word in words]


def rouge(hypothesis: str, reference: str) -> dict[str, float]:
    """F-measures rouge_1, rouge_2 and rouge_l of one summary against one reference, 0 to 1."""
    ours, theirs = rouge_tokens(hypothesis), rouge_tokens(reference)
    scores = {}
    for size in (1, 2):
        first, second = _grams(ours, size), _grams(theirs, size)
        shared = (first & second).total()
        scores[f"rouge_{size}"] = _f_measure(shared, first.total(), second.total())
    common = longest_common(ours, theirs)
    return {**scores, "rouge_l": _f_measure(common, len(ours), len(theirs))}


def longest_common(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(second) + 1)
    for word in first:
        before = 0  # of the row above, one to the left
        for place, other in enumerate(second, 1):
            above = row[place]
            row[place] = before + 1 if word == other else max(above, row[place - 1])
            before = above
    return row[-1]


def fix_tokenization(text: str) -> str:
    """A generated summary as the authors score it: brackets and quotes named as in Gigaword,
    contractions, numbers and hyphens joined again, and each digit 1 a `#`.

    Expects words parted by blanks, as their tokenizer writes them.
    """
    words = [TOKENS.get(word, word) for word in text.split()]
    return " ".join(_quoted(_joined(words))).replace("1", "#")


def _joined(words: Sequence[str]) -> list[str]:
    """Words that were parted from their apostrophe, comma, point or hyphen."""
    joined: list[str] = []
    place = 0
    while place < len(words):
        word, rest = words[place], words[place + 1 :]
        before = joined[-1] if joined else ""
        if word == "'" and rest[:1] == ["t"] and len(before) > 1 and before.endswith("n"):
            joined[-1:] = [before[:-1], "n't"]  # don ' t -> do n't
            place += 2
        elif word == "'" and rest and rest[0] in ENDINGS and before:
            joined.append("'" + rest[0])
            place += 2
        elif _binds(before, word, rest):
            joined[-1] = before + word + rest[0]
            place += 2
        elif word == "." and rest[:2] == [".", "."]:
            joined.append("...")
            place += 3
        else:
            joined.append(word)
            place += 1
    return joined


def _binds(before: str, word: str, rest: Sequence[str]) -> bool:
    """Whether a mark stands inside a number, or is a hyphen between words."""
    if not (before and rest):
        return False
    after = rest[0]
    if word == ",":
        return before[-1].isdigit() and len(after) == 3 and after.isdigit()
    if word == ".":
        return before.isdigit() and after.isdigit()
    return word == "-" and before[-1].isalnum() and after[0].isalnum()


def _quoted(words: Sequence[str]) -> list[str]:
    """Straight quotes as opening and closing ones, by turns."""
    open_marks = {'"': False, "'": False}
    marks = {'"': ("``", "''"), "'": ("`", "'")}
    quoted = []
    for word in words:
        if word in marks:
            quoted.append(marks[word][open_marks[word]])
            open_marks[word] = not open_marks[word]
        else:
            quoted.append(word)
    return quoted


def _grams(words: Sequence[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[i : i + size]) for i in range(len(words) - size + 1))


def _f_measure(shared: int, ours: int, theirs: int) -> float:
    return 2 * shared / (ours + theirs) if shared else 0.0
