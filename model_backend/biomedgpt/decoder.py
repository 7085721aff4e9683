"""The decoder: encoder states and the symbols so far to logits (specification, section 5)."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.encoder import EncoderOutput
from model_backend.biomedgpt.layers import (
    PAD,
    DecoderLayer,
    KeysValues,
    Slots,
    depth_rates,
)
from model_backend.biomedgpt.targets import BLOCK, NOWHERE, Block, Targets


@dataclass
class DecoderCache:
    """What decoding remembers from one symbol to the next, so that each is computed once.

    Rows are grouped by sentence: N = B * K rows, K beams (or answers) to each of B sentences. What
    comes from the encoder is kept once for a sentence, not for a beam. Every symbol of every row
    has a slot of keys and values among those of its sentence. When beams change places, no key
    moves: `sees` says which slots a row descends from.
    """

    length: int = 0  # symbols of every row so far
    used: int = 0  # slots
    own: list[KeysValues] = field(default_factory=list)  # a layer's slots, (B, H, room, D)
    place: Tensor | None = None  # where in its row each slot's symbol stands, (used,)
    sees: Tensor | None = None  # (B, K, used), 0 where a row descends from a slot, -inf elsewhere
    memory: list[KeysValues] = field(default_factory=list)  # of the encoder, (B, H, L, D)
    blocks: dict[bool, Block] = field(default_factory=dict)  # of code sequences and of others

    def keep(self, rows: Tensor, sentences: Tensor | None = None) -> None:
        """Carry on with these rows (in their new order) and, where given, these sentences.

        The rows of a sentence stay beside one another; they may become more or fewer.
        """
        if self.sees is None:
            return
        B = len(self.sees) if sentences is None else len(sentences)
        self.sees = self.sees.flatten(0, 1)[rows].view(B, -1, self.used)
        if sentences is not None:
            self.own = [(k[sentences], v[sentences]) for k, v in self.own]
            self.memory = [(k[sentences], v[sentences]) for k, v in self.memory]
            if any(len(block.across) > 1 for block in self.blocks.values()):
                self.blocks = {}

    def grow(self, beams: int, new: int) -> None:
        """Slots for `new` symbols more of every row, each row seeing its own."""
        assert self.sees is not None and self.place is not None
        count = beams * new
        if self.own and self.used + count > self.own[0][0].shape[2]:
            self.make_room(count)
        mine = torch.eye(beams, device=self.sees.device).log()  # 0 and -inf
        fresh = mine.repeat_interleave(new, dim=1).expand(len(self.sees), -1, -1)
        places = torch.arange(self.length, self.length + new, device=self.sees.device)
        self.sees = torch.cat([self.sees, fresh], dim=2)
        self.place = torch.cat([self.place, places.repeat(beams)])
        self.used += count
        self.length += new

    def make_room(self, count: int) -> None:
        """Drop the slots that no row descends from; where that is too little, take more memory."""
        assert self.sees is not None and self.place is not None
        alive = (self.sees > NOWHERE).flatten(0, 1).any(0).nonzero().flatten()
        self.sees, self.place, self.used = self.sees[:, :, alive], self.place[alive], len(alive)
        room = self.own[0][0].shape[2]
        while self.used + count > room // 2:  # or it would soon be full again
            room *= 2
        moved = []
        for k, v in self.own:
            larger = [one.new_empty(*one.shape[:2], room, one.shape[3]) for one in (k, v)]
            for old, new in zip((k, v), larger, strict=True):
                new[:, :, : len(alive)] = old[:, :, alive]
            moved.append((larger[0], larger[1]))
        self.own = moved

    def slots(self, layer: int, new: int) -> Slots:
        """A layer's slots, the last `new` of them still to be written."""
        k, v = self.own[layer]
        return Slots(k[:, :, : self.used], v[:, :, : self.used], slice(self.used - new, self.used))


class Decoder(Targets):
    """Encoder states and the symbols so far to logits over the vocabulary."""

    output: nn.Module | None  # the product with the embeddings, once packing.py has packed it

    def __init__(self, config: OFAConfig, embed_tokens: nn.Embedding) -> None:
        super().__init__(config, embed_tokens)
        rates = depth_rates(config.drop_path, config.decoder_layers)
        self.layers = nn.ModuleList(DecoderLayer(config, rate) for rate in rates)
        self.tables(config.decoder_layers)
        self.output = None

    def forward(
        self,
        tokens: Tensor,
        encoder: EncoderOutput,
        code_masks: Tensor | None = None,
        cache: DecoderCache | None = None,
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Symbols (N, T) to logits (N, T, V) and the states after each layer.

        N may be a multiple of the encoder's B: rows are then grouped by sentence. With a `cache`
        (empty at first) `tokens` are all symbols so far, and only the rows that it lacks are
        computed; searched symbols hold no pads, so that none are masked.
        """
        x, seen = self.states(tokens, encoder, code_masks, cache)
        return self.logits(x), seen  # (N, T - new, V)

    def logits(self, x: Tensor) -> Tensor:
        """States (..., C) to logits (..., V): the embeddings once more, as the output's weights."""
        if self.output is not None:
            return torch.as_tensor(self.output(x))
        return F.linear(x, self.embed_tokens.weight)

    def logits_of(self, x: Tensor, symbols: Tensor) -> Tensor:
        """States (..., C) to the logits of these symbols alone (..., symbols), in float32."""
        return F.linear(x, torch.as_tensor(self.embed_tokens(symbols)))

    def states(
        self,
        tokens: Tensor,
        encoder: EncoderOutput,
        code_masks: Tensor | None = None,
        cache: DecoderCache | None = None,
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """As `forward`, without the product with the embeddings: states (N, T, C)."""
        N, T = tokens.shape
        self.check_length(T)
        if N % len(encoder.states):
            raise ValueError(f"{N} rows do not divide among {len(encoder.states)} sentences.")
        codes = code_masks if code_masks is not None and bool(code_masks.any()) else None
        if cache is not None:
            return self.onward(tokens, encoder, codes, cache)
        return self.whole(tokens, encoder, codes)

    def whole(
        self, tokens: Tensor, encoder: EncoderOutput, codes: Tensor | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """All symbols at once, every row by itself; nothing is remembered."""
        N, T = tokens.shape
        K = N // len(encoder.states)
        kinds = [False] if codes is None else [False, True]
        own = {kind: self.own_bias(0, T, kind) for kind in kinds}
        across = by_row(
            [self.memory_bias(0, T, kind, encoder)[:, :, None] for kind in kinds],
            None if codes is None else codes.view(-1, 1, K, 1, 1),
        ).expand(-1, -1, K, -1, -1)  # (B or 1, H, K, T, L)
        across = across.flatten(2, 3)
        pads = tokens == PAD
        x = self.embed(tokens, 0, codes)
        seen = [x]
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, DecoderLayer)
            bias = by_row(
                [own[kind] + self.relative_bias(number, 0, T, kind)[None] for kind in kinds],
                None if codes is None else codes.view(-1, 1, 1, 1),
            )  # (N or 1, H, T, T)
            bias = bias.masked_fill(pads[:, None, None, :], NOWHERE) if pads.any() else bias
            memory = layer.encoder_attn.keys_and_values(encoder.states)
            x = layer(x, bias, memory, across)
            seen.append(x)
        return self.layer_norm(x), tuple(seen)

    def onward(
        self, tokens: Tensor, encoder: EncoderOutput, codes: Tensor | None, cache: DecoderCache
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The symbols that the cache lacks; the rows of a sentence look at its slots together."""
        N, T = tokens.shape
        B = len(encoder.states)
        K, first = N // B, cache.length
        new = T - first
        if cache.sees is None:
            self.open(cache, encoder, K)
        cache.grow(K, new)
        own, across = self.of_block(first, T, encoder, codes, cache)
        assert cache.sees is not None
        sees = cache.sees[:, None, :, None]  # (B, 1, K, 1, slots)

        x = self.embed(tokens[:, first:], first, codes).view(B, K * new, -1)
        seen = [x.view(N, new, -1)]
        for number, layer in enumerate(self.layers):
            bias = (own[number] + sees).flatten(2, 3)  # (B, H, K * new, slots)
            slots = cache.slots(number, K * new)
            x = layer(x, bias, cache.memory[number], across, slots)
            seen.append(x.view(N, new, -1))
        return self.layer_norm(x).view(N, new, -1), tuple(seen)

    def open(self, cache: DecoderCache, encoder: EncoderOutput, beams: int) -> None:
        """What a cache holds before the first symbol: the encoder's keys and values, and room."""
        B, H, D = len(encoder.states), self.config.heads, self.config.head_dim
        like = encoder.states
        for layer in self.layers:
            assert isinstance(layer, DecoderLayer)
            k, v = layer.encoder_attn.keys_and_values(encoder.states)
            cache.memory.append((k.contiguous(), v.contiguous()))
            room = torch.empty(2, B, H, 2 * BLOCK * beams, D, dtype=k.dtype, device=like.device)
            cache.own.append((room[0], room[1]))
        cache.sees = torch.zeros(B, beams, 0, device=like.device)
        cache.place = torch.zeros(0, dtype=torch.long, device=like.device)

    def of_block(
        self,
        first: int,
        last: int,
        encoder: EncoderOutput,
        codes: Tensor | None,
        cache: DecoderCache,
    ) -> tuple[Tensor, Tensor]:
        """Biases of the places `first` to `last` - 1 of every row, to the slots and to the memory.

        (layers, B or 1, H, K or 1, last - first, slots) and (B or 1, H, K * (last - first), L).
        """
        assert cache.sees is not None and cache.place is not None
        B, K = cache.sees.shape[:2]
        kinds = [False] if codes is None else [True] if bool(codes.all()) else [False, True]
        own, across = [], []
        for kind in kinds:
            block = cache.blocks.get(kind)
            if block is None or not block.first <= first < last <= block.last:
                block = self.block(first, last, kind, encoder)
                cache.blocks[kind] = block
            part = slice(first - block.first, last - block.first)
            to_slots = block.own[:, :, part].index_select(3, cache.place)
            own.append(to_slots[:, None, :, None])  # (layers, 1, H, 1, new, slots)
            across.append(block.across[:, :, None, part])  # (B or 1, H, 1, new, L)
        rows = None if codes is None else codes.view(B, 1, K, 1, 1)
        all_across = by_row(across, rows).expand(-1, -1, K, -1, -1)
        return by_row(own, rows), all_across.flatten(2, 3)

    def embed(self, tokens: Tensor, first: int, codes: Tensor | None) -> Tensor:
        """Symbols (N, T) from place `first` on to the states before the layers, (N, T, C)."""
        x = self.embed_tokens(tokens)
        rows = None if codes is None else codes[:, None, None]
        kinds = [False] if codes is None else [False, True]
        if not self.config.disable_entangle:  # spec 13.1: older checkpoints, the decoder only
            last = first + tokens.shape[1]
            x = x + by_row([self.vectors(first, last, kind)[None] for kind in kinds], rows)
        norms = (self.layernorm_embedding, self.code_layernorm_embedding)
        y = by_row([norms[kind](x) for kind in kinds], rows)
        return F.dropout(y, self.config.dropout, self.training)


def by_row(kinds: list[Tensor], codes: Tensor | None) -> Tensor:
    """For each row the first, or the second where it is a row of codes; the only one for all."""
    return kinds[0] if codes is None or len(kinds) == 1 else torch.where(codes, kinds[1], kinds[0])
