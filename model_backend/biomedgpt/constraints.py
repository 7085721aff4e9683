"""What a search may say: a trie of answers, or a range of symbols (spec 9.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from model_backend.biomedgpt.tokenizer import EOS
from model_backend.request import BadRequest


class Trie:
    """Candidate answers as a tree of symbols; every answer ends with eos."""

    def __init__(self, answers: Sequence[Sequence[int]]) -> None:
        """`answers` are ids without bos and eos. Raises BadRequest when there is none."""
        if not answers:
            raise BadRequest("The list of answers is empty. Give at least one answer.")
        self._root: dict[int, Any] = {}
        self.longest = max(len(answer) for answer in answers) + 1  # eos included
        for answer in answers:
            node = self._root
            for symbol in [*answer, EOS]:
                node = node.setdefault(symbol, {})

    def allowed(self, symbols: Sequence[int]) -> list[int]:
        """What may follow these symbols of an answer; only eos once the path has left the tree."""
        node = self._root
        for symbol in symbols:
            if symbol not in node:
                return [EOS]
            node = node[symbol]
        return list(node) or [EOS]


def range_mask(vocab_size: int, low: int, high: int) -> Tensor:
    """True for 0..3 and low..high-1: (vocab_size,) bool. The specials stay open, as published."""
    symbol = torch.arange(vocab_size)
    return (symbol < 4) | ((symbol >= low) & (symbol < high))
