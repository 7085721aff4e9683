"""Examples as symbols: source, decoder input, target and the symbols each position may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.prompts import question_text
from model_backend.biomedgpt.tokenizer import BOS, EOS, PAD, UNK, Tokenizer
from model_backend.training.facts import Example

SOURCE_WORDS = 80  # as the published recipe for questions has it
TARGET_IDS = 80


@dataclass(frozen=True, eq=False)
class Encoded:
    """One batch of examples as numbers. B examples, S source and T target symbols, V symbols."""

    source: Tensor  # (B, S) padded with 1
    previous: Tensor  # (B, T)
    target: Tensor  # (B, T) padded with 1
    allowed: Tensor  # (B, T, V) bool; all True for free text


def source_ids(tokenizer: Tokenizer, question: str) -> list[int]:
    """A question as the encoder reads it (spec §8, VQA): bos, the cleaned text, eos."""
    return [BOS, *tokenizer.encode(question_text(question, SOURCE_WORDS)), EOS]


class Encoder:
    """Encodes examples for one network; remembers what it has encoded before."""

    def __init__(self, tokenizer: Tokenizer, config: OFAConfig) -> None:
        self._tokenizer = tokenizer
        self._symbols = config.vocab_size
        self._sources: dict[str, list[int]] = {}
        self._answers: dict[str, list[int]] = {}

    def encode(
        self, examples: Sequence[Example], word_dropout: float, chance: np.random.Generator
    ) -> Encoded:
        """The batch; a share of the source's words is replaced by the unknown word."""
        sources = [self._dropped(self._source(one.text), word_dropout, chance) for one in examples]
        answers = [self.answer_ids(one.answer) for one in examples]
        target = padded(answers)
        allowed = torch.ones(*target.shape, self._symbols, dtype=torch.bool)
        for row, one in enumerate(examples):
            if one.candidates:
                allowed[row] = self._allowed(answers[row], one.candidates, target.shape[1])
        return Encoded(
            padded(sources),
            padded([[BOS, *answer[:-1]] for answer in answers]),
            target,
            allowed,
        )

    def _source(self, text: str) -> list[int]:
        if text not in self._sources:
            self._sources[text] = source_ids(self._tokenizer, text)
        return self._sources[text]

    def answer_ids(self, text: str) -> list[int]:
        """An answer's target symbols, eos at the end."""
        if text not in self._answers:
            self._answers[text] = [*self._tokenizer.encode(" " + text)[:TARGET_IDS], EOS]
        return self._answers[text]

    def _dropped(self, ids: list[int], rate: float, chance: np.random.Generator) -> list[int]:
        lost = chance.random(len(ids)) < rate
        return [UNK if gone and one > UNK else one for one, gone in zip(ids, lost, strict=True)]

    def _allowed(self, answer: list[int], candidates: Sequence[str], length: int) -> Tensor:
        """(length, V): at each place the symbols that continue some candidate (spec §9.5)."""
        table = torch.zeros(length, self._symbols, dtype=torch.bool)
        rivals = [self.answer_ids(candidate) for candidate in candidates]
        for place in range(len(answer)):
            for rival in rivals:
                if rival[:place] == answer[:place] and place < len(rival):
                    table[place, rival[place]] = True
        table[len(answer) :] = True
        return table


def padded(rows: Sequence[Sequence[int]]) -> Tensor:
    """(rows, longest) int64, filled up with 1 on the right."""
    longest = max(len(row) for row in rows)
    return torch.tensor([[*row, *[PAD] * (longest - len(row))] for row in rows])
