"""Decoding steps of shapes that never change, captured once as CUDA graphs and then replayed.

On a graphics card a step of one sentence is some two hundred small kernels, and starting them takes
longer than their work. A graph starts them all at once. It wants every tensor at the same address
with the same shape: keys and values have room for a whole bucket of symbols, the encoder's states
are padded to a bucket of lengths, and biases of -inf hide what is not in use.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict

import torch
from torch import Tensor

from model_backend.biomedgpt.decoder import Decoder, DecoderCache
from model_backend.biomedgpt.encoder import EncoderOutput
from model_backend.biomedgpt.layers import DecoderLayer, KeysValues, Slots
from model_backend.biomedgpt.targets import NOWHERE

PADDED = 64  # encoder states are padded to a multiple of this
KEPT = 8  # shapes whose graphs are kept; the one that was not used for longest goes
WARM = 3  # runs before a capture, as CUDA's libraries want

Shape = tuple[int, int, int]  # beams, slots, padded encoder states


class StepGraphs:
    """The captured steps of one decoder.

    Only for one sentence: with many the kernels are large enough, and their number changes as
    sentences end. Without `capture` the same static steps run kernel by kernel, on any device.
    """

    def __init__(self, decoder: Decoder, *, capture: bool = True) -> None:
        self._decoder = decoder
        self._capture = capture
        self._steps: OrderedDict[Shape, StaticStep] = OrderedDict()

    def fits(self, tokens: Tensor, encoder: EncoderOutput, cache: DecoderCache | None) -> bool:
        """Whether this is one symbol more for one sentence, after a first one was decoded."""
        return (
            cache is not None
            and len(encoder.states) == 1
            and 0 < cache.length == tokens.shape[1] - 1
            and cache.sees is not None
            and cache.sees.shape[1] == len(tokens)
            and self._decoder.config.disable_entangle
            and False in cache.blocks  # no sequence of image codes
        )

    def logits(self, tokens: Tensor, encoder: EncoderOutput, cache: DecoderCache) -> Tensor:
        """As `Decoder.forward` with a cache: symbols (K, T) to the last one's logits (K, 1, V)."""
        self._decoder.check_length(tokens.shape[1])
        cache.grow(len(tokens), 1)
        own, across = self._decoder.of_block(
            cache.length - 1, cache.length, encoder, None, cache
        )  # (layers, 1, H, 1, 1, used), (1, H, K, L)
        assert cache.sees is not None
        own = (own + cache.sees[:, None, :, None]).flatten(3, 4)  # (layers, 1, H, K, used)
        step = self._step(cache, len(tokens), across.shape[3])
        return step(tokens[:, -1:], own, across, cache.used)

    def _step(self, cache: DecoderCache, beams: int, length: int) -> StaticStep:
        """The step of this search's shape, holding its keys and values."""
        padded = -(-length // PADDED) * PADDED
        shape = (beams, cache.own[0][0].shape[2], padded)
        step = self._steps.get(shape)
        if step is None or step.is_held_by_another(cache):
            with torch.inference_mode(False):  # its tensors outlive this search
                step = self._steps[shape] = StaticStep(self._decoder, shape, cache)
        self._steps.move_to_end(shape)
        while len(self._steps) > KEPT:
            self._steps.popitem(last=False)
        step.hold(cache)
        if self._capture:
            step.capture()
        return step


class StaticStep:
    """One symbol for K beams of one sentence; every tensor stays where it is."""

    def __init__(self, decoder: Decoder, shape: Shape, cache: DecoderCache) -> None:
        beams, slots, length = shape
        layers, heads = len(decoder.layers), decoder.config.heads
        own, memory = cache.own[0][0], cache.memory[0][0]
        self._decoder = decoder
        self._tokens = torch.zeros(beams, 1, dtype=torch.long, device=own.device)
        self._new = torch.zeros(beams, dtype=torch.long, device=own.device)
        # Zeros, since what a bias hides must at least be a number.
        self._own = [_room(own, slots) for _ in range(layers)]
        self._memory = [_room(memory, length) for _ in range(layers)]
        hidden = torch.full((layers + 1, heads, beams, max(slots, length)), NOWHERE)
        hidden = hidden.to(own.device)
        self._own_bias = hidden[:layers, None, :, :, :slots].clone()  # (layers, 1, H, K, slots)
        self._across = hidden[layers:, :, :, :length].clone()  # (1, H, K, length)
        self._logits: Tensor | None = None
        self._graph: torch.cuda.CUDAGraph | None = None
        self._holder: weakref.ref[DecoderCache] | None = None

    def is_held_by_another(self, cache: DecoderCache) -> bool:
        """Whether another search that is still under way keeps its keys and values here."""
        holder = self._holder() if self._holder is not None else None
        return holder is not None and holder is not cache

    def hold(self, cache: DecoderCache) -> None:
        """Take over the keys and values of a search, unless they are here already."""
        if cache.own[0][0].data_ptr() == self._own[0][0].data_ptr():
            return
        for mine, its in zip(self._own, cache.own, strict=True):
            for there, here in zip(mine, its, strict=True):
                there[:, :, : cache.used] = here[:, :, : cache.used]
        for mine, its in zip(self._memory, cache.memory, strict=True):
            for there, here in zip(mine, its, strict=True):
                there.zero_()
                there[:, :, : here.shape[2]] = here
        cache.own = list(self._own)
        self._holder = weakref.ref(cache)

    def capture(self) -> None:
        """Record the kernels, the first time. They write into places that are about to be used."""
        if self._graph is not None:
            return
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch has no types here
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM):
                self._run()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._run()
        self._graph = graph

    def __call__(self, tokens: Tensor, own: Tensor, across: Tensor, used: int) -> Tensor:
        """The last symbols (K, 1), own bias (layers, 1, H, K, used), bias to the encoder
        (1, H, K, L), slots in use with the new ones: logits (K, 1, V)."""
        self._tokens.copy_(tokens)
        torch.arange(used - len(tokens), used, out=self._new)
        self._own_bias.fill_(NOWHERE)
        self._own_bias[..., :used] = own
        self._across.fill_(NOWHERE)
        self._across[..., : across.shape[3]] = across
        if self._graph is not None:
            self._graph.replay()
        else:
            self._run()
        assert self._logits is not None
        return self._logits.clone()

    def _run(self) -> None:
        """The step itself (specification, section 5), as `Decoder.onward` has it."""
        decoder, beams = self._decoder, len(self._tokens)
        x = decoder.embed(self._tokens, 0, None).view(1, beams, -1)
        for number, layer in enumerate(decoder.layers):
            assert isinstance(layer, DecoderLayer)
            slots = Slots(*self._own[number], self._new)
            x = layer(x, self._own_bias[number], self._memory[number], self._across, slots)
        self._logits = decoder.logits(decoder.layer_norm(x).view(beams, 1, -1))


def _room(like: Tensor, length: int) -> KeysValues:
    """Keys and values of one sentence for `length` places, (1, H, length, D) both."""
    k, v = like.new_zeros(2, 1, like.shape[1], length, like.shape[3])
    return k, v
