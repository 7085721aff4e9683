"""A closed list of answers, each with its log-probability (spec 9.6), and single labels (9.7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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


@torch.inference_mode()
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
    tries = [Trie(question.answers) for question in questions]
    scores: list[list[float]] = [[] for _ in questions]
    for numbers, part in _batches(questions):
        if stop():
            break
        rows = [
            (number, answer) for number in numbers for answer in questions[number].answers[part]
        ]
        inputs = pad([[*questions[number].prompt, *answer] for number, answer in rows])
        chosen = torch.tensor([questions[number].row for number in numbers])
        device = encoder.states.device
        shared = select(encoder, chosen.to(device))  # one sentence for all answers of a question
        states, _ = network.decoder.states(inputs.to(device), shared)  # (N, T, C)
        known: dict[tuple[int, tuple[int, ...]], dict[int, float]] = {}
        for place, (number, answer) in enumerate(rows):
            first = len(questions[number].prompt) - 1
            total = 0.0
            for length, symbol in enumerate([*answer, EOS]):
                beginning = (number, answer[:length])
                if beginning not in known:
                    known[beginning] = _allowed_log_probabilities(
                        network, states[place, first + length], tries[number], answer[:length]
                    )
                total += known[beginning][symbol]
            scores[number].append(total)
    return scores


def _batches(questions: Sequence[Question]) -> Iterator[tuple[list[int], slice]]:
    """Questions by number and the part of their answers that goes through the decoder together.

    Questions with equally many answers share a batch, a long list is cut into several.
    """
    waiting: list[int] = []
    for number, question in enumerate(questions):
        count = len(question.answers)
        if waiting and (
            count != len(questions[waiting[0]].answers) or (len(waiting) + 1) * count > BATCH
        ):
            yield waiting, slice(None)
            waiting = []
        if count > BATCH:
            for start in range(0, count, BATCH):
                yield [number], slice(start, start + BATCH)
        else:
            waiting.append(number)
    if waiting:
        yield waiting, slice(None)


def _allowed_log_probabilities(
    network: BiomedGPT, state: Tensor, trie: Trie, beginning: Sequence[int]
) -> dict[int, float]:
    """Log-probability of each symbol that may follow the beginning of an answer; state (C,)."""
    allowed = trie.allowed(beginning)
    if len(allowed) == 1:
        return {allowed[0]: 0.0}
    logits = network.decoder.logits_of(state, torch.tensor(allowed, device=state.device))
    return dict(zip(allowed, F.log_softmax(logits.float(), dim=0).tolist(), strict=True))


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
