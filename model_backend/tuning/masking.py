"""Text with spans of whole words hidden, as masked-text training has it (spec 10.2)."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model_backend.biomedgpt.tokenizer import BOS, EOS, Tokenizer

MEAN = 3.0  # words of a span, by Poisson
RAREST = 1e-7  # lengths that are rarer never occur


@functools.cache
def span_lengths() -> NDArray[np.float64]:
    """The chance of a span of 0, 1, 2, ... words."""
    chances = [math.exp(-MEAN)]
    while chances[-1] >= RAREST or len(chances) <= MEAN:
        chances.append(chances[-1] * MEAN / len(chances))
    table = np.array(chances[:-1])
    return np.asarray(table / table.sum())


class Masker:
    """Hides words; knows which symbols begin one."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._begins: dict[int, bool] = {}

    def begins_word(self, symbol: int) -> bool:
        """Whether its text begins with a blank; symbols that are no text do too, bos and eos not.

        What is decoded once is remembered.
        """
        if symbol not in self._begins:
            piece = self._tokenizer.decode_bytes([symbol])
            is_word = piece.startswith(b" ") or symbol >= self._tokenizer.mask or symbol in (1, 3)
            self._begins[symbol] = is_word and symbol not in (BOS, EOS)
        return self._begins[symbol]

    def masked(self, ids: Sequence[int], ratio: float, chance: np.random.Generator) -> list[int]:
        """The ids with ceil(words * ratio) words in spans, each of which becomes one mask.

        A span of no words is a mask more, at a random inner place.
        """
        starts = [place for place, symbol in enumerate(ids) if self.begins_word(symbol)]
        wanted = math.ceil(len(starts) * ratio)
        if not wanted:
            return list(ids)
        lengths = self._lengths(wanted, chance)
        spans = [length for length in lengths if length]
        inserts = len(lengths) - len(spans)
        spans = spans[: len(starts)]
        chosen = chance.choice(len(starts), len(spans), replace=False)
        ends = [*starts[1:], len(ids)]
        kept: list[int | None] = list(ids)
        for word, length in zip(chosen.tolist(), spans, strict=True):
            last = min(word + length, len(starts)) - 1
            for place in range(starts[word], ends[last]):
                kept[place] = None
        for word in chosen.tolist():  # a mask where each span began, unless another swallowed it
            before = starts[word] - 1
            if before < 0 or kept[before] is not None:
                kept[starts[word]] = self._tokenizer.mask
        result = [symbol for symbol in kept if symbol is not None]
        for _ in range(inserts):
            place = int(chance.integers(1, max(len(result), 2)))
            result.insert(min(place, len(result)), self._tokenizer.mask)
        return result

    def _lengths(self, wanted: int, chance: np.random.Generator) -> list[int]:
        """Spans until they cover so many words; the last one is cut."""
        table = span_lengths()
        lengths: list[int] = []
        covered = 0
        while covered < wanted:
            length = int(chance.choice(len(table), p=table))
            length = min(length, wanted - covered)
            lengths.append(length)
            covered += length
        return lengths
