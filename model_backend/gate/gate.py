"""The gate: from a picture to whether it is an upright frontal chest film, and if not, why."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_backend.gate.features import COUNT, Numbers, colour_of, features_of
from model_backend.request import BadCheckpoint

FITTED = Path(__file__).with_name("gate.npz")
VERSION = 1
CHEST, INVERTED, TURNED, UPSIDE_DOWN, OTHER = range(5)
REASONS = {
    CHEST: "it is not clear enough that this is one",
    INVERTED: "black and white are exchanged",
    TURNED: "it lies on its side",
    UPSIDE_DOWN: "it stands upside down",
    OTHER: "it shows something else",
}
MOST_COLOUR = 12.0  # a film is grey; JPEG leaves traces of colour


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the gate says of a picture."""

    score: float  # of a frontal chest film, 0 to 1
    limit: float  # from which on it is one
    reason: str  # half a sentence; "" for a frontal chest film

    @property
    def is_chest_film(self) -> bool:
        return not self.reason


@dataclass(frozen=True, eq=False)
class Gate:
    """Two layers on standardised features, a limit of the score, and one of strangeness.

    Strangeness is what the main directions of chest films leave of a picture: an image of a kind
    that no fit has met lies far from them, whatever the two layers say.
    """

    mean: Numbers  # (COUNT,)
    scale: Numbers
    first: Numbers  # (COUNT, hidden)
    first_bias: Numbers
    second: Numbers  # (hidden, 5)
    second_bias: Numbers
    directions: Numbers  # (directions, COUNT), orthonormal
    centre: Numbers  # (COUNT,), of chest films
    limit: float
    strangest: float

    def judge(self, pixels: NDArray[np.uint8]) -> Judgement:
        """What this picture looks like: a uint8 array, grey or RGB, as the model receives it."""
        if colour_of(pixels) > MOST_COLOUR:
            return Judgement(0.0, self.limit, "it is in colour")
        values = self.standard(features_of(pixels)[None])
        shares = self.shares(values)[0]
        score = float(shares[CHEST])
        if score < self.limit:
            kind = OTHER if shares[CHEST] >= shares[1:].max() else 1 + int(shares[1:].argmax())
            return Judgement(score, self.limit, REASONS[kind])
        if float(self.strangeness(values)[0]) > self.strangest:
            return Judgement(score, self.limit, REASONS[OTHER])
        return Judgement(score, self.limit, "")

    def standard(self, features: Numbers) -> Numbers:
        """(N, COUNT) features on one scale."""
        return np.asarray((features - self.mean) / self.scale, np.float32)

    def shares(self, values: Numbers) -> Numbers:
        """(N, 5): the probability of each kind."""
        hidden = np.maximum(values @ self.first + self.first_bias, 0)
        logits = hidden @ self.second + self.second_bias
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)

    def strangeness(self, values: Numbers) -> Numbers:
        """(N,): the root mean square of what the directions do not explain."""
        off = values - self.centre
        left = off - (off @ self.directions.T) @ self.directions
        return np.asarray(np.sqrt((left**2).mean(axis=1)), np.float32)


@cache
def chest_gate(path: Path = FITTED) -> Gate:
    """The fitted gate. Raises BadCheckpoint when its file is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            if int(file["version"]) != VERSION or file["mean"].shape != (COUNT,):
                raise ValueError("another version")
            tables = {name: file[name].astype(np.float32) for name in _TABLES}
            return Gate(**tables, limit=float(file["limit"]), strangest=float(file["strangest"]))
    except (OSError, ValueError, KeyError) as error:
        raise BadCheckpoint(
            f"{path} is missing or damaged. Install Wetread again.", "gate"
        ) from error


def write_gate(gate: Gate, path: Path = FITTED) -> None:
    """Keep a fitted gate, its tables in half precision."""
    tables = {name: np.asarray(getattr(gate, name), np.float16) for name in _TABLES}
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            version=np.int32(VERSION),
            limit=np.float64(gate.limit),
            strangest=np.float64(gate.strangest),
            **tables,  # type: ignore[arg-type]  # its stub takes them for allow_pickle
        )


_TABLES = (
    "mean",
    "scale",
    "first",
    "first_bias",
    "second",
    "second_bias",
    "directions",
    "centre",
)
