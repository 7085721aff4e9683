"""Which part a row goes into: by the hash of its patient, or as the set's own split says.

A patient is never in two parts. The set's own split stands where it keeps to that; else the hash
decides, and what the set's own split would have cut is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.row import PARTS, TEST, TRAIN, VALIDATION
from model_backend.training.split import HELD_OUT, TRAINING, part_of
from model_backend.training.split import VALIDATION as VALIDATING

AUTO, OFFICIAL, PATIENT = "auto", "official", "patient"
WAYS = (AUTO, OFFICIAL, PATIENT)
VALIDATION_BYTES = (0, 26)  # as in recipes/demo.toml, so that its held-out patients stay held out
_OURS = {TRAINING: TRAIN, VALIDATING: VALIDATION, HELD_OUT: TEST}
_WORDS = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("val", "valid", "validate", "validation", "dev"), VALIDATION),
    **dict.fromkeys(("test", "testing", "held_out"), TEST),
}


def official_part(word: str) -> str:
    """What a set calls a part, as ours; "" for a word that names none."""
    return _WORDS.get(word.strip().lower(), "")


@dataclass
class Groups:
    """The groups of a set and the parts that the set itself gives them."""

    official: dict[str, int] = field(default_factory=dict)  # group -> bits of PARTS; 0: none
    rows: int = 0

    def add(self, group: str, part: str) -> None:
        """One row more."""
        bit = 1 << PARTS.index(part) if part else 0
        self.official[group] = self.official.get(group, 0) | bit
        self.rows += 1

    def cut(self) -> int:
        """How many groups the set's own split has in several parts."""
        return sum(bits.bit_count() > 1 for bits in self.official.values())

    def has(self, part: str) -> bool:
        """Whether the set's own split has such a part."""
        bit = 1 << PARTS.index(part)
        return any(bits & bit for bits in self.official.values())


@dataclass(frozen=True)
class Parting:
    """How rows are parted, and what is to be said about it."""

    way: str  # OFFICIAL or PATIENT
    carves_validation: bool = False  # out of the official training part, by the hash
    note: str = ""

    def part(self, group: str, official: str) -> str:
        """The part of a row."""
        ours = _OURS[part_of(group, VALIDATION_BYTES)]
        if self.way == PATIENT or not official:
            return ours
        if official == TRAIN and self.carves_validation:
            return VALIDATION if _validates(group) else TRAIN
        return official


def _validates(group: str) -> bool:
    """One group in ten, by the same second byte of the hash that parts the rest elsewhere."""
    return part_of("held back: " + group, VALIDATION_BYTES) == VALIDATING


def parting_of(groups: Groups, way: str = AUTO) -> Parting:
    """How a set is to be parted. Raises DatasetProblem for an official split that is not there."""
    if way not in WAYS:
        raise DatasetProblem(f"There is no split {way!r}. Choose one of {', '.join(WAYS)}.")
    is_split = groups.has(TRAIN) and groups.has(TEST)
    if way == PATIENT or (way == AUTO and not is_split):
        return Parting(PATIENT)
    if not is_split:
        raise DatasetProblem("The set has no split of its own. Choose --split patient.")
    cut, carves = groups.cut(), not groups.has(VALIDATION)
    if not cut:
        return Parting(OFFICIAL, carves)
    words = f"The set's own split has {cut} of {len(groups.official)} patients or images in"
    if way == OFFICIAL:
        note = f"{words} several parts: what is measured on it is better than the truth."
        return Parting(OFFICIAL, carves, note)
    return Parting(PATIENT, note=f"{words} several parts, so it was not used.")
