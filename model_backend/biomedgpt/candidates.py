"""A closed list of answers scored along its tree, each common beginning once (spec 9.6).

The scores are those of `scoring.score_candidates`, which runs every answer whole. But a place with
a single allowed symbol costs nothing, so only the places where answers part have to be computed,
and the decoder's prompt only once for all of them: PathVQA's 4,092 answers part at some 1,000.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional as F

from model_backend.biomedgpt.network import BiomedGPT, DecoderCache, EncoderOutput
from model_backend.biomedgpt.scoring import pad
from model_backend.biomedgpt.tokenizer import EOS
from model_backend.request import BadRequest

SYMBOLS = 128  # that go through the decoder together; a layer takes some 20 ms for them on a CPU

Path = tuple[int, ...]


@torch.inference_mode()
def score_list(
    network: BiomedGPT,
    encoder: EncoderOutput,
    prompt: Sequence[int],
    answers: Sequence[Path],
    stop: Callable[[], bool] = lambda: False,
) -> list[float] | None:
    """Summed log-probability of every answer to the one question that was encoded.

    `prompt` begins with bos, `answers` are without bos and eos, each of them once. At each place
    the symbols outside the list's tree are -inf before the softmax; eos counts; no length
    normalisation. None when `stop()` turns true, which is looked at before every few symbols.
    Raises BadRequest for an empty list.
    """
    if not answers:
        raise BadRequest("The list of answers is empty. Give at least one answer.")
    tree = partings(answers)
    known: dict[Path, dict[int, float]] = {}
    for path, state in _states(network, encoder, prompt, deepest(tree), stop):
        if path in tree and path not in known:
            symbols = torch.tensor(tree[path], device=state.device)
            shares = F.log_softmax(network.decoder.logits_of(state, symbols).float(), dim=0)
            known[path] = dict(zip(tree[path], shares.tolist(), strict=True))
    if len(known) < len(tree):
        return None
    return [_sum(answer, known) for answer in answers]


def partings(answers: Sequence[Path]) -> dict[Path, list[int]]:
    """The beginnings after which answers part, each with what may follow: symbols or eos."""
    follows: dict[Path, dict[int, None]] = {}
    for answer in answers:
        for length, symbol in enumerate([*answer, EOS]):
            follows.setdefault(answer[:length], {})[symbol] = None
    return {path: list(symbols) for path, symbols in follows.items() if len(symbols) > 1}


def deepest(tree: dict[Path, list[int]]) -> list[Path]:
    """The paths with no longer one behind them, shortest first: they pass all others."""
    paths = sorted(tree)  # a path stands right before those that it begins
    followed = {path for path, after in pairwise(paths) if after[: len(path)] == path}
    return sorted((path for path in paths if path not in followed), key=len)


def _states(
    network: BiomedGPT,
    encoder: EncoderOutput,
    prompt: Sequence[int],
    paths: Sequence[Path],
    stop: Callable[[], bool],
) -> Iterator[tuple[Path, Tensor]]:
    """The decoder's state (C,) after each beginning of the paths, the prompt alone among them."""
    device = encoder.states.device
    cache = DecoderCache()
    said = torch.tensor([list(prompt)], device=device)
    state = None
    for end in [*range(SYMBOLS, len(prompt), SYMBOLS), len(prompt)]:
        if stop():
            return
        state = network.decoder.states(said[:, :end], encoder, cache=cache)[0]
    assert state is not None
    yield (), state[0, -1]
    for rows in _batches([path for path in paths if path]):
        if stop():
            return
        branched = replace(cache, own=list(cache.own), blocks=dict(cache.blocks))
        branched.keep(torch.zeros(len(rows), dtype=torch.long, device=device))
        tokens = torch.cat([said.expand(len(rows), -1), pad(rows).to(device)], dim=1)
        states = network.decoder.states(tokens, encoder, cache=branched)[0]  # (rows, longest, C)
        for row, path in enumerate(rows):
            for length in range(1, len(path) + 1):
                yield path[:length], states[row, length - 1]


def _batches(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Paths of like length, together at most so many symbols, pads included; or a long one."""
    batch: list[Path] = []
    for path in paths:  # shortest first, so that the new one is the longest
        if batch and (len(batch) + 1) * len(path) > SYMBOLS:
            yield batch
            batch = []
        batch.append(path)
    if batch:
        yield batch


def _sum(answer: Path, known: dict[Path, dict[int, float]]) -> float:
    return sum(
        known[answer[:length]][symbol]
        for length, symbol in enumerate([*answer, EOS])
        if answer[:length] in known
    )
