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
BLOCK = 256  # symbols that are looked through together for the best ones
ROWS = 64  # rows of logits at a time while prompts are read


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


@torch.inference_mode()
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
    prompts without bos (read at once, without a Step for each symbol), `trie` the answers. Looks at
    `stop` before each step and then ends without a result. A prompt that itself holds eos ends
    there, as published (prompt type `src` is for scoring). Raises BadRequest when the answers
    cannot fit into the length limit, or when nothing can end under the rules.
    """
    beams = _Beams(network, encoder, settings, source_length, prefixes, trie, cached)
    if stop():
        return
    beams.read_prompts()
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
        self.ready: Tensor | None = None  # logits (B, V) that reading the prompts has left
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

    def read_prompts(self) -> None:
        """What all prompts have in length is read at once, by one row a sentence.

        Inside a prompt only the first beam's score is finite, and it can only say the prompt. Each
        of its symbols counts with its log-probability under every rule (spec 9.2), so that this
        leaves what as many steps would. A prompt that holds eos goes step by step.
        """
        prompts = [sentence.prefix for sentence in self.sentences]
        length = min(self.max_len, *map(len, prompts))
        if self.cache is None or length < 1 or any(EOS in one for one in prompts):
            return
        B, K, decoder = len(prompts), self.settings.beam, self.network.decoder
        given = torch.tensor([[BOS, *one[:length]] for one in prompts], device=self.device)
        states, _ = decoder.states(given, self.encoder, self.codes(B), self.cache)
        self.scores = torch.full((B, K, length), NOWHERE, device=self.device)
        score = torch.zeros(B, device=self.device)
        for first in range(0, length + 1, max(ROWS // B, 1)):
            logits = decoder.logits(states[:, first : first + max(ROWS // B, 1)])
            for self.step in range(first, min(first + logits.shape[1], length)):
                self.tokens = given[:, : self.step + 1]
                lp, _ = self.under_rules(logits[:, self.step - first], beams=1)
                score = score + lp.gather(1, given[:, self.step + 1, None])[:, 0]
                self.scores[:, 0, self.step] = score
            self.ready = logits[:, -1]
        self.step = length
        self.tokens = given.repeat_interleave(K, dim=0)
        self.cache.keep(torch.arange(B, device=self.device).repeat_interleave(K))

    def advance(self) -> None:
        """One symbol more for every beam; sentences that are done leave."""
        K = self.settings.beam
        lp, forced = self.under_rules(self.logits(), K)  # (n * K, V)
        lp = lp.view(len(self.sentences), K, -1)  # (n, K, V)
        if self.step == 0:
            lp = lp[:, :1]  # all beams are alike, the first one speaks
        wanted = min(2 * K, lp[0].numel() - 1)
        # The best of a sentence are among the best of its beams.
        best, symbol = top(lp, min(wanted, lp.shape[2]))  # (n, K, 2K)
        if self.step > 0:
            best = best + self.scores[:, :, -1:]
        width = best.shape[2]
        best, place = best.flatten(1).topk(wanted, dim=1)  # (n, 2K), sorted
        symbol, beam = symbol.flatten(1).gather(1, place), place // width
        ends = (symbol == EOS) & (best > NOWHERE)
        if bool(ends[:, :K].any()):
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

    def codes(self, rows: int) -> Tensor | None:
        if not self.settings.gen_code:
            return None
        return torch.ones(rows, dtype=torch.bool, device=self.device)

    def logits(self) -> Tensor:
        """Of the last place of every beam: (n * K, V)."""
        if self.ready is not None:
            ready, self.ready = self.ready, None
            return ready.repeat_interleave(self.settings.beam, dim=0)
        codes = self.codes(len(self.tokens))
        return self.network.decode(self.tokens, self.encoder, codes, self.cache)[:, -1]

    def under_rules(self, logits: Tensor, beams: int) -> tuple[Tensor, Tensor]:
        """Log-probabilities (rows, V) after every rule, and where the limit forced the end."""
        settings, step = self.settings, self.step
        logits = logits.float()
        if settings.temperature != 1:
            logits = logits / settings.temperature
        blocked = self.blocked(beams)
        if blocked is not None and not settings.zero_shot:
            logits = logits.masked_fill(blocked, NOWHERE)
        lp = F.log_softmax(logits, dim=-1)
        if blocked is not None and settings.zero_shot:
            lp = lp.masked_fill(blocked, NOWHERE)
        if step < self.prefix_width and step < self.max_len:
            self.keep_prefix(lp, beams)
        elif step < settings.min_len:
            lp[:, EOS] = NOWHERE
        lp = lp.nan_to_num_(nan=NOWHERE, neginf=NOWHERE)
        lp[:, PAD] = NOWHERE
        if settings.unkpen:
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

    def blocked(self, beams: int) -> Tensor | None:
        """True where trie or range forbid a symbol: (rows, V)."""
        blocked = None if self.range is None else ~self.range.expand(len(self.tokens), -1)
        if self.trie is None:
            return blocked
        mask = torch.zeros(
            len(self.tokens), self.network.config.vocab_size, dtype=torch.bool, device=self.device
        )
        for row, symbols in enumerate(self.tokens.tolist()):
            prefix = len(self.sentences[row // beams].prefix)
            if self.step >= prefix:
                mask[row] = True
                mask[row, self.trie.allowed(symbols[1 + prefix :])] = False
        return mask if blocked is None else blocked | mask

    def keep_prefix(self, lp: Tensor, beams: int) -> None:
        """Rows inside their prompt may only say its next symbol; its probability stays."""
        for number, sentence in enumerate(self.sentences):
            if self.step < len(sentence.prefix):
                rows = slice(number * beams, (number + 1) * beams)
                symbol = sentence.prefix[self.step]
                kept = lp[rows, symbol].clone()
                lp[rows] = NOWHERE
                lp[rows, symbol] = kept

    def block_repeats(self, lp: Tensor) -> None:
        """Forbid each symbol that would repeat an n-gram of its row, bos and prompt included."""
        size = self.settings.no_repeat_ngram_size
        if self.step + 2 - size < 0 or self.tokens.shape[1] < size:
            return
        grams = self.tokens.unfold(1, size, 1)  # (rows, places, size)
        tail = self.tokens[:, None, self.tokens.shape[1] - size + 1 :]
        seen = (grams[:, :, :-1] == tail).all(2)
        lp.scatter_(1, torch.where(seen, grams[:, :, -1], PAD), NOWHERE)  # the pad is out already

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
        kept = ends.byte().argsort(dim=1, stable=True)[:, :K]  # (n, K), in their order
        alive = [
            row
            for row, sentence in enumerate(self.sentences)
            if len(sentence.finished) < K and self.step < self.max_len
        ]
        if not alive:
            self.sentences = []
            return
        rows = torch.tensor(alive, dtype=torch.long, device=self.device)
        left = len(alive) < len(self.sentences)
        if left:
            kept, best, beam, symbol = (one[rows] for one in (kept, best, beam, symbol))
        best, beam, symbol = (one.gather(1, kept) for one in (best, beam, symbol))
        source = (rows[:, None] * K + beam).flatten()  # (n' * K,)
        self.tokens = torch.cat([self.tokens[source], symbol.reshape(-1, 1)], dim=1)
        past = self.scores.flatten(0, 1)[source].view(len(alive), K, -1)
        self.scores = torch.cat([past, best[:, :, None]], dim=2)
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


def top(scores: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` best of the last axis and their places, best first, as `Tensor.topk`.

    The best of a long row are in those of its blocks whose own best are best, so that most blocks
    need no sorting.
    """
    length = scores.shape[-1]
    if length < 2 * count * BLOCK:
        best, place = scores.topk(count, dim=-1)
        return best, place
    padded = F.pad(scores, (0, -length % BLOCK), value=NOWHERE)
    blocks = padded.view(*scores.shape[:-1], -1, BLOCK)
    chosen = blocks.amax(-1).topk(count, dim=-1).indices  # (..., count)
    rivals = blocks.gather(-2, chosen[..., None].expand(*chosen.shape, BLOCK)).flatten(-2)
    best, place = rivals.topk(count, dim=-1)
    place = chosen.gather(-1, place // BLOCK) * BLOCK + place % BLOCK
    return best, place.clamp_max(length - 1)  # where nothing finite is left, padding may be named


def _differences(totals: Sequence[float]) -> tuple[float, ...]:
    return tuple(after - before for before, after in zip(totals, totals[1:], strict=False))
