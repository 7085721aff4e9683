"""The Porter stemmer: English words to their stems, as ROUGE counts them.

Porter, "An algorithm for suffix stripping", Program 14 (1980), with the departures that its author
later made and those of the toolkit with which the published figures were computed (NLTK: short
words in "ies" and "ied", a final y only after a consonant, a few irregular words).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Condition = Callable[[str], bool]
Rule = tuple[str, str]  # suffix, what takes its place

IRREGULAR = {
    "sky": "sky",
    "skies": "sky",
    "dying": "die",
    "lying": "lie",
    "tying": "tie",
    "news": "news",
    "innings": "inning",
    "inning": "inning",
    "outings": "outing",
    "outing": "outing",
    "cannings": "canning",
    "canning": "canning",
    "howe": "howe",
    "proceed": "proceed",
    "exceed": "exceed",
    "succeed": "succeed",
}
STEP_2: tuple[Rule, ...] = (
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("fulli", "ful"),
    ("bli", "ble"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
)
STEP_3: tuple[Rule, ...] = (
    ("icate", "ic"),
    ("ative", ""),
    ("alize", "al"),
    ("iciti", "ic"),
    ("ical", "ic"),
    ("ful", ""),
    ("ness", ""),
)
STEP_4 = (
    *("al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent"),
    *("sion", "tion", "ou", "ism", "ate", "iti", "ous", "ive", "ize"),
)


def stem(word: str) -> str:
    """The stem of a word in small letters; words of one or two letters stay."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if len(word) <= 2:
        return word
    word = _plurals(word)
    word = _past_and_gerund(word)
    if word.endswith("y") and len(word) > 2 and not _is_vowel(word, len(word) - 2):
        word = word[:-1] + "i"
    word = _double_suffixes(word)
    word = _replaced(word, STEP_3, lambda rest: _measure(rest) > 0)
    word = _single_suffixes(word)
    return _tidied(word)


def _is_vowel(word: str, place: int) -> bool:
    """y is a vowel after a consonant."""
    letter = word[place]
    if letter == "y":
        return place > 0 and not _is_vowel(word, place - 1)
    return letter in "aeiou"


def _measure(stem: str) -> int:
    """How often a vowel is followed by a consonant."""
    kinds = [_is_vowel(stem, place) for place in range(len(stem))]
    return sum(a and not b for a, b in zip(kinds, kinds[1:], strict=False))


def _has_vowel(stem: str) -> bool:
    return any(_is_vowel(stem, place) for place in range(len(stem)))


def _ends_double(word: str) -> bool:
    return len(word) >= 2 and word[-1] == word[-2] and not _is_vowel(word, len(word) - 1)


def _ends_short(word: str) -> bool:
    """Consonant, vowel, consonant, the last one not w, x or y; or vowel and consonant alone."""
    kinds = [_is_vowel(word, place) for place in range(len(word))]
    if len(word) == 2:
        return kinds == [True, False]
    return kinds[-3:] == [False, True, False] and word[-1] not in "wxy"


def _replaced(word: str, rules: Sequence[Rule], condition: Condition) -> str:
    """By the first rule whose suffix the word has; unchanged where its condition fails."""
    for suffix, new in rules:
        if word.endswith(suffix):
            rest = word[: len(word) - len(suffix)]
            return rest + new if condition(rest) else word
    return word


def _plurals(word: str) -> str:
    if word.endswith("ies") and len(word) == 4:
        return word[:-1]
    for suffix, new in (("sses", "ss"), ("ies", "i"), ("ss", "ss"), ("s", "")):
        if word.endswith(suffix):
            return word[: len(word) - len(suffix)] + new
    return word


def _past_and_gerund(word: str) -> str:
    if word.endswith("ied"):
        return word[:-3] + ("ie" if len(word) == 4 else "i")
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for suffix in ("ed", "ing"):
        rest = word[: len(word) - len(suffix)]
        if word.endswith(suffix) and _has_vowel(rest):
            return _restored(rest)
    return word


def _restored(rest: str) -> str:
    """After "ed" or "ing" went: an e comes back, or a doubled consonant becomes single."""
    if rest.endswith(("at", "bl", "iz")):
        return rest + "e"
    if _ends_double(rest):
        return rest if rest[-1] in "lsz" else rest[:-1]
    return rest + "e" if _measure(rest) == 1 and _ends_short(rest) else rest


def _double_suffixes(word: str) -> str:
    if word.endswith("alli") and _measure(word[:-4]) > 0:
        return _double_suffixes(word[:-2])  # alli, al: and then once more
    if word.endswith("logi"):  # the l counts as part of the stem
        return word[:-1] if _measure(word[:-3]) > 0 else word
    return _replaced(word, STEP_2, lambda rest: _measure(rest) > 0)


def _single_suffixes(word: str) -> str:
    for suffix in STEP_4:
        if word.endswith(suffix):
            cut = len(suffix) - (suffix in ("sion", "tion"))  # their s or t stays
            rest = word[: len(word) - cut]
            return rest if _measure(rest) > 1 else word
    return word


def _tidied(word: str) -> str:
    """A final e, and one of two final l."""
    if word.endswith("e"):
        rest = word[:-1]
        count = _measure(rest)
        if count > 1 or (count == 1 and not _ends_short(rest)):
            word = rest
    if word.endswith("ll") and _measure(word[:-1]) > 1:
        word = word[:-1]
    return word
