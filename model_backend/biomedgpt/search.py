"""Greedy and beam search, step by step, so that words can be shown as they come (spec 9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from os.path import commonprefix  # of any sequences

import torch
from torch import Tensor
from torch.nn import functional as F

from model_backend.biomedgpt.constraints import Trie, range_mask
from model_backend.biomedgpt.network import BiomedGPT, DecoderCache, EncoderOutput
from model_backend.biomedgpt.scoring import select
from model_backend.biomedgpt.tokenizer import BOS, EOS, PAD, UNK
from model_backend.request import BadRequest

NOWHERE = float("-inf")


@dataclass(frozen=True)
class Search:
    """Settings of a search; the names and defaults are the reference's (spec 9.1)."""

    beam: int = 5
    max_len_a: float = 0.0
    max_len_b: int = 200
    min_len: int = 1
    lenpen: float = 1.0
    unnormalized: bool = False
    temperature: float = 1.0
    no_repeat_ngram_size: int = 0
    unkpen: float = 0.0
    zero_shot: bool = False  # constraints act after the softmax, without renormalising
    gen_code: bool = False  # the target is a sequence of image codes
    crange: tuple[int, int] | None = None  # only 0..3 and these symbols


@dataclass(frozen=True)
class Hypothesis:
    """One finished sequence: symbols after bos with eos, and how likely it is."""

    tokens: tuple[int, ...]
    score: float
    positional_scores: tuple[float, ...]
    cut_off: bool  # eos was forced by the length limit


@dataclass(frozen=True)
class Step:
    """What has been decoded so far: the best unfinished sequence of the first sentence."""

    tokens: tuple[int, ...]
    positional_scores: tuple[float, ...]
    settled: int = 0  # so many of them stand at the beginning of every sequence still in question


@dataclass
class _Sentence:
    number: int
    prefix: tuple[int, ...]
    finished: list[Hypothesis] = field(default_factory=list)


def generate(
    network: BiomedGPT,
    encoder: EncoderOutput,
    settings: Search = Search(),
    *,
    source_length: int = 0,
    prefixes: Sequence[Sequence[int]] | None = None,
    trie: Trie | None = None,
    cached: bool = True,
) -> list[list[Hypothesis]]:
    """The hypotheses of each sentence, best first. See `search` for the arguments."""
    result: list[list[Hypothesis]] = []
    for event in search(
        network,
        encoder,
        settings,
        source_length=source_length,
        prefixes=prefixes,
        trie=trie,
        cached=cached,
    ):
        if isinstance(event, list):
            result = event
    return result


@torch.no_grad()
def search(
    network: BiomedGPT,
    encoder: EncoderOutput,
    settings: Search = Search(),
    *,
    source_length: int = 0,
    prefixes: Sequence[Sequence[int]] | None = None,
    trie: Trie | None = None,
    stop: Callable[[], bool] = lambda: False,
    cached: bool = True,
) -> Iterator[Step | list[list[Hypothesis]]]:
    """Search for all sentences of a batch: a Step after each symbol, last the hypotheses.

    `source_length` is the padded text length (only max_len_a uses it), `prefixes` the decoder
    prompts without bos, `trie` the answers. Looks at `stop` before each step and then ends without
    a result. A prompt that itself holds eos ends there, as published (prompt type `src` is for
    scoring). Raises BadRequest when the answers cannot fit into the length limit, or when nothing
    can end under the rules.
    """
    beams = _Beams(network, encoder, settings, source_length, prefixes, trie, cached)
    while beams.sentences:
        if stop():
            return
        beams.advance()
        if beams.sentences and beams.sentences[0].number == 0:
            yield beams.best()
    yield beams.result()


class _Beams:
    """The state of a search: n unfinished sentences, K beams each."""

    def __init__(
        self,
        network: BiomedGPT,
        encoder: EncoderOutput,
        settings: Search,
        source_length: int,
        prefixes: Sequence[Sequence[int]] | None,
        trie: Trie | None,
        cached: bool,
    ) -> None:
        B, K = len(encoder.states), settings.beam
        self.network, self.settings, self.trie = network, settings, trie
        self.device = encoder.states.device
        self.max_len = int(settings.max_len_a * source_length + settings.max_len_b)
        given = [tuple(one) for one in prefixes] if prefixes is not None else [()] * B
        self.prefix_width = max(len(one) for one in given)
        given = [tuple(symbol for symbol in one if symbol != PAD) for one in given]
        self._check(given)
        self.sentences = [_Sentence(number, one) for number, one in enumerate(given)]
        self.all = list(self.sentences)
        self.encoder = encoder  # B sentences; the decoder shares each among its K beams
        self.cache = DecoderCache() if cached else None
        self.tokens = torch.full((B * K, 1), BOS, device=self.device)
        self.scores = torch.zeros(B, K, 0, device=self.device)  # cumulative, one a step
        self.step = 0
        self.range = None
        if settings.crange is not None:
            mask = range_mask(network.config.vocab_size, *settings.crange)
            self.range = mask.to(self.device)

    def _check(self, prefixes: Sequence[tuple[int, ...]]) -> None:
        if self.settings.beam < 1 or self.max_len < 1:
            raise BadRequest("A search needs at least one beam and room for one symbol.")
        if self.max_len + 1 > self.network.config.max_positions:
            raise BadRequest(
                f"A text of {self.max_len} symbols is longer than this model can write "
                f"({self.network.config.max_positions - 1})."
            )
        if self.trie is not None:
            needed = max(map(len, prefixes)) + self.trie.longest - 1
            if self.max_len < needed:
                raise BadRequest(
                    f"The longest answer needs {needed} symbols, the limit is {self.max_len}. "
                    "Raise the limit or shorten the answers."
                )

    def advance(self) -> None:
        """One symbol more for every beam; sentences that are done leave."""
        K = self.settings.beam
        lp, forced = self.log_probabilities()  # (n * K, V)
        lp = lp.view(len(self.sentences), K, -1)  # (n, K, V)
        V = lp.shape[-1]
        if self.step == 0:
            totals = lp[:, :1]  # all beams are alike, the first one speaks
        else:
            totals = lp + self.scores[:, :, -1:]
        flat = totals.flatten(1)
        best, place = flat.topk(min(2 * K, flat.shape[1] - 1), dim=1)  # (n, 2K), sorted
        beam, symbol = place // V, place % V
        ends = (symbol == EOS) & (best > NOWHERE)
        for row, sentence in enumerate(self.sentences):
            self.finish(row, sentence, best[row], beam[row], ends[row], forced)
        if self.step == self.max_len:
            self._check_all_ended()
        self.go_on(best, beam, symbol, ends)

    def _check_all_ended(self) -> None:
        """At the limit a sentence without one finite end would have no answer at all."""
        for sentence in self.sentences:
            if not sentence.finished:
                raise BadRequest(
                    f"No sequence can end within {self.max_len} symbols under these rules. Raise "
                    "the limit, or loosen the n-gram blocking or the constraint."
                )

    def log_probabilities(self) -> tuple[Tensor, Tensor]:
        """Log-probabilities after every rule, and where the limit forced the end (n * K,)."""
        settings, step = self.settings, self.step
        codes = None
        if settings.gen_code:
            codes = torch.ones(len(self.tokens), dtype=torch.bool, device=self.device)
        logits = self.network.decode(self.tokens, self.encoder, codes, self.cache)[:, -1]
        logits = logits.float() / settings.temperature
        blocked = self.blocked()
        if blocked is not None and not settings.zero_shot:
            logits = logits.masked_fill(blocked, NOWHERE)
        lp = F.log_softmax(logits, dim=-1)
        if blocked is not None and settings.zero_shot:
            lp = lp.masked_fill(blocked, NOWHERE)
        if step < self.prefix_width and step < self.max_len:
            self.keep_prefix(lp)
        elif step < settings.min_len:
            lp[:, EOS] = NOWHERE
        lp = lp.nan_to_num(nan=NOWHERE, neginf=NOWHERE)
        lp[:, PAD] = NOWHERE
        lp[:, UNK] -= settings.unkpen
        forced = torch.zeros(len(lp), dtype=torch.bool, device=self.device)
        if step == self.max_len:
            forced = lp.argmax(-1) != EOS
            lp[:, :EOS] = NOWHERE
            lp[:, EOS + 1 :] = NOWHERE
        elif settings.gen_code:
            lp[:, :4] = NOWHERE
        if settings.no_repeat_ngram_size > 0:
            self.block_repeats(lp)
        return lp, forced

    def blocked(self) -> Tensor | None:
        """True where trie or range forbid a symbol: (n * K, V)."""
        blocked = None if self.range is None else ~self.range.expand(len(self.tokens), -1)
        if self.trie is None:
            return blocked
        mask = torch.zeros(
            len(self.tokens), self.network.config.vocab_size, dtype=torch.bool, device=self.device
        )
        for row, symbols in enumerate(self.tokens.tolist()):
            prefix = len(self.sentences[row // self.settings.beam].prefix)
            if self.step >= prefix:
                mask[row] = True
                mask[row, self.trie.allowed(symbols[1 + prefix :])] = False
        return mask if blocked is None else blocked | mask

    def keep_prefix(self, lp: Tensor) -> None:
        """Rows inside their prompt may only say its next symbol; its probability stays."""
        for number, sentence in enumerate(self.sentences):
            if self.step < len(sentence.prefix):
                rows = slice(number * self.settings.beam, (number + 1) * self.settings.beam)
                symbol = sentence.prefix[self.step]
                kept = lp[rows, symbol].clone()
                lp[rows] = NOWHERE
                lp[rows, symbol] = kept

    def block_repeats(self, lp: Tensor) -> None:
        """Forbid each symbol that would repeat an n-gram of its row, bos and prompt included."""
        size = self.settings.no_repeat_ngram_size
        if self.step + 2 - size < 0:
            return
        for row, symbols in enumerate(self.tokens.tolist()):
            tail = symbols[len(symbols) - size + 1 :]
            for start in range(len(symbols) - size + 1):
                if symbols[start : start + size - 1] == tail:
                    lp[row, symbols[start + size - 1]] = NOWHERE

    def finish(
        self,
        row: int,
        sentence: _Sentence,
        best: Tensor,
        beam: Tensor,
        ends: Tensor,
        forced: Tensor,
    ) -> None:
        """Store the ends among the first K candidates, at most K in all, first come first kept."""
        K, settings = self.settings.beam, self.settings
        for rank in range(min(K, len(ends))):
            if not bool(ends[rank]) or len(sentence.finished) == K:
                continue
            source = int(beam[rank])
            symbols = (*self.tokens[row * K + source, 1:].tolist(), EOS)
            totals = [0.0, *self.scores[row, source].tolist(), float(best[rank])]
            length = 1.0 if settings.unnormalized else float(self.step + 1) ** settings.lenpen
            sentence.finished.append(
                Hypothesis(
                    tokens=symbols,
                    score=float(best[rank]) / length,
                    positional_scores=_differences(totals),
                    cut_off=bool(forced[row * K + source]),
                )
            )

    def go_on(self, best: Tensor, beam: Tensor, symbol: Tensor, ends: Tensor) -> None:
        """The first K candidates that do not end carry on; done sentences leave the batch."""
        K = self.settings.beam
        order = ends.long() * ends.shape[1] + torch.arange(ends.shape[1], device=self.device)
        kept = order.topk(K, dim=1, largest=False).indices  # (n, K)
        alive = [
            row
            for row, sentence in enumerate(self.sentences)
            if len(sentence.finished) < K and self.step < self.max_len
        ]
        if not alive:
            self.sentences = []
            return
        rows = torch.tensor(alive, dtype=torch.long, device=self.device)
        kept, best, beam, symbol = (
            kept[rows],
            *(one[rows].gather(1, kept[rows]) for one in (best, beam, symbol)),
        )
        source = (rows[:, None] * K + beam).flatten()  # (n' * K,)
        self.tokens = torch.cat([self.tokens[source], symbol.reshape(-1, 1)], dim=1)
        past = self.scores.flatten(0, 1)[source].view(len(alive), K, -1)
        self.scores = torch.cat([past, best[:, :, None]], dim=2)
        left = len(alive) < len(self.sentences)
        if self.cache is not None and (K > 1 or left):
            self.cache.keep(source, rows if left else None)
        if left:
            self.encoder = select(self.encoder, rows)
            self.sentences = [self.sentences[row] for row in alive]
        self.step += 1

    def best(self) -> Step:
        """The leading beam of the first sentence."""
        totals = [0.0, *self.scores[0, 0].tolist()]
        beams = [tuple(row) for row in self.tokens[: self.settings.beam, 1:].tolist()]
        rivals = [*beams, *(one.tokens for one in self.sentences[0].finished)]
        return Step(beams[0], _differences(totals), len(commonprefix(rivals)))

    def result(self) -> list[list[Hypothesis]]:
        return [
            sorted(sentence.finished, key=lambda one: one.score, reverse=True)
            for sentence in self.all
        ]


def _differences(totals: Sequence[float]) -> tuple[float, ...]:
    return tuple(after - before for before, after in zip(totals, totals[1:], strict=False))
