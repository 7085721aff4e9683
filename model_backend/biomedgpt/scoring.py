"""A closed list of answers, each with its log-probability (spec 9.6), and single labels (9.7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from model_backend.biomedgpt.constraints import Trie
from model_backend.biomedgpt.network import BiomedGPT, EncoderOutput
from model_backend.biomedgpt.tokenizer import EOS, PAD

BATCH = 64  # decoder rows at a time


@dataclass(frozen=True)
class Question:
    """One closed question: the encoder's row, what the decoder starts from, the answers' ids.

    `prompt` begins with bos (spec 8, prompt types: bos; bos + source; bos + source + eos).
    """

    row: int
    prompt: tuple[int, ...]
    answers: tuple[tuple[int, ...], ...]  # without bos and eos


def score_candidates(
    network: BiomedGPT,
    encoder: EncoderOutput,
    questions: Sequence[Question],
    stop: Callable[[], bool] = lambda: False,
) -> list[list[float]]:
    """Summed log-probability of every answer of every question.

    At each place the symbols outside the question's trie are -inf before the softmax, so a place
    with a single allowed symbol costs nothing; eos counts; no length normalisation. Stops early,
    with what it has, when `stop()` turns true. Raises BadRequest for an empty list.
    """
    rows = [
        _Row(question.row, question.prompt, answer, trie)
        for question, trie in ((one, Trie(one.answers)) for one in questions)
        for answer in question.answers
    ]
    scores: list[float] = []
    for start in range(0, len(rows), BATCH):
        if stop():
            break
        scores += _score(network, encoder, rows[start : start + BATCH])
    result = []
    for question in questions:
        count = len(question.answers)
        result.append(scores[:count])
        scores = scores[count:]
    return result


@dataclass(frozen=True)
class _Row:
    row: int
    prompt: tuple[int, ...]
    answer: tuple[int, ...]
    trie: Trie


def _score(network: BiomedGPT, encoder: EncoderOutput, rows: Sequence[_Row]) -> list[float]:
    device = encoder.states.device
    inputs = pad([[*row.prompt, *row.answer] for row in rows]).to(device)  # (N, T)
    chosen = torch.tensor([row.row for row in rows], device=device)
    logits = network.decode(inputs, select(encoder, chosen)).float()  # (N, T, V)
    scores = []
    for number, row in enumerate(rows):
        total = 0.0
        first = len(row.prompt) - 1
        for place, symbol in enumerate([*row.answer, EOS]):
            allowed = row.trie.allowed(row.answer[:place])
            if len(allowed) > 1:
                lp = F.log_softmax(logits[number, first + place, allowed], dim=-1)
                total += float(lp[allowed.index(symbol)])
        scores.append(total)
    return scores


def label_logits(
    network: BiomedGPT,
    encoder: EncoderOutput,
    prompts: Sequence[Sequence[int]],
    labels: Sequence[Sequence[int]],
) -> Tensor:
    """Logits of the first symbol of each label at the last place of each prompt: (B, labels)."""
    inputs = pad(prompts).to(encoder.states.device)
    logits = network.decode(inputs, encoder).float()  # (B, T, V)
    last = torch.tensor([len(prompt) - 1 for prompt in prompts], device=logits.device)
    at_last = logits[torch.arange(len(prompts), device=logits.device), last]  # (B, V)
    return at_last[:, [label[0] for label in labels]]


def pad(sequences: Sequence[Sequence[int]]) -> Tensor:
    """Sequences of ids, padded on the right: (B, longest) int64."""
    longest = max(len(sequence) for sequence in sequences)
    return torch.tensor([[*one, *[PAD] * (longest - len(one))] for one in sequences])


def select(encoder: EncoderOutput, rows: Tensor) -> EncoderOutput:
    """The encoder's output for these rows of its batch, repeated where a row is named twice."""
    positions = encoder.positions
    if len(positions) > 1:
        positions = positions[rows]
    return EncoderOutput(encoder.states[rows], encoder.padding_mask[rows], positions)
