"""Speller: whether a word of a report is spelt right, by the system's dictionaries; knows no Qt."""

from __future__ import annotations

import re
import threading
import unicodedata
from pathlib import Path

from dicom_io.errors import NoSpelling
from dicom_io.storage import storage_problem, write_safely

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
TAGS = {"en": ("en_US", "en_GB"), "de": ("de_DE", "de_AT", "de_CH")}
# Lists of medical words beside the general dictionary (Debian: hunspell-en-med, hunspell-de-med).
MEDICAL = {"en": ("en_med_glut.dic", "en_med.dic"), "de": ("de_med.dic",)}
PLACES = (Path("/usr/share/hunspell"), Path("/usr/share/myspell/dicts"))
ENDINGS = {"en": ("s", "es", "'s"), "de": ("s", "es", "e", "en", "n", "er", "em", "ern")}
LONGEST_ABBREVIATION = 5  # letters, all large
NO_LIBRARY = (
    "There is no spell check: the library enchant is missing (Debian: libenchant-2-2 and "
    "hunspell-en-us). All else works."
)


class Speller:
    """Enchant's dictionary of a language, medical words, and the reader's own; any thread."""

    def __init__(self, language: str, own: Path) -> None:
        """Raises NoSpelling when the library or a dictionary is missing."""
        try:
            import enchant  # finds the system's library, or raises
        except ImportError as error:
            raise NoSpelling(NO_LIBRARY) from error
        self._short = language.split("-")[0].lower()
        tags = TAGS.get(self._short, (language.replace("-", "_"),))
        broker = enchant.Broker()
        found = next((tag for tag in tags if broker.dict_exists(tag)), None)
        if found is None:
            raise NoSpelling(
                f"There is no spell check in this report's language ({language}): no dictionary "
                f"of it is installed (Debian: hunspell-{tags[0].lower().replace('_', '-')})."
            )
        self._general = broker.request_dict(found)
        self._lock = threading.Lock()
        self._own_file = own
        self._own = _listed(own)
        self._medical = {
            word
            for name in MEDICAL.get(self._short, ())
            for place in PLACES
            for word in _listed(place / name)
        }

    def is_right(self, word: str) -> bool:
        """True for a word that a dictionary holds, and for what is none: abbreviations, other
        scripts."""
        word = word.replace("’", "'")
        if len(word) < 2 or (word.isupper() and len(word) <= LONGEST_ABBREVIATION):
            return True
        if not all(_is_latin(letter) for letter in word):
            return True
        if self._is_listed(word) or self._is_listed(word[:1].lower() + word[1:]):
            return True
        with self._lock:
            return bool(self._general.check(word))

    def _is_listed(self, word: str) -> bool:
        lists = (self._own, self._medical)
        ends = ("", *ENDINGS.get(self._short, ()))
        stems = [word[: len(word) - len(end)] for end in ends if word.endswith(end)]
        return any(stem in one for stem in stems for one in lists)

    def suggest(self, word: str) -> tuple[str, ...]:
        """Other spellings, the likeliest first."""
        with self._lock:
            return tuple(self._general.suggest(word))

    def learn(self, word: str) -> None:
        """Add a word to the reader's own dictionary. Raises StorageProblem."""
        self._own.add(word)
        try:
            self._own_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise storage_problem(error, self._own_file) from error
        write_safely(self._own_file, "\n".join(sorted(self._own)).encode("utf-8") + b"\n")


def _is_latin(letter: str) -> bool:
    return letter == "'" or unicodedata.name(letter, "").startswith("LATIN")


def _listed(path: Path) -> set[str]:
    """The words of a list, without what hunspell writes behind a slash."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()  # it is not installed
    return {line.split("/")[0].strip() for line in lines if line[:1].isalpha()}
