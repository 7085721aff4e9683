"""The decoder: encoder states and the symbols so far to logits (specification, section 5)."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.encoder import EncoderOutput
from model_backend.biomedgpt.layers import PAD, DecoderLayer, KeysValues, Stack, depth_rates, norm
from model_backend.biomedgpt.positions import code_positions
from model_backend.request import BadRequest


@dataclass
class DecoderCache:
    """What decoding remembers from one symbol to the next, so that each is computed once.

    Rows are grouped by sentence: N = B * K rows, K beams (or answers) to each of B sentences. What
    comes from the encoder is kept once for a sentence, not for a beam.
    """

    own: list[KeysValues] = field(default_factory=list)  # of the symbols so far, (N, H, T, D)
    memory: list[KeysValues] = field(default_factory=list)  # of the encoder, (B, H, L, D)
    places: Tensor | None = None  # self-attention's projected positions so far, (1 or N, T, C)
    encoder_places: Tensor | None = None  # cross-attention's, (1 or B, L, C)

    @property
    def length(self) -> int:
        return self.own[0][0].shape[2] if self.own else 0

    def keep(self, rows: Tensor, sentences: Tensor | None = None) -> None:
        """Carry on with these rows (in their new order) and, where given, these sentences."""
        self.own = [(k[rows], v[rows]) for k, v in self.own]
        if self.places is not None and len(self.places) > 1:
            self.places = self.places[rows]
        if sentences is not None:
            self.memory = [(k[sentences], v[sentences]) for k, v in self.memory]
            if self.encoder_places is not None and len(self.encoder_places) > 1:
                self.encoder_places = self.encoder_places[sentences]


class Decoder(Stack):
    """Encoder states and the symbols so far to logits over the vocabulary."""

    def __init__(self, config: OFAConfig, embed_tokens: nn.Embedding) -> None:
        super().__init__(config, embed_tokens)
        width = config.d_model
        self.code_layernorm_embedding = norm(width)
        self.self_pos_q_linear = nn.Linear(width, width)
        self.self_pos_k_linear = nn.Linear(width, width)
        self.cross_pos_q_linear = nn.Linear(width, width)
        self.cross_pos_k_linear = nn.Linear(width, width)
        rates = depth_rates(config.drop_path, config.decoder_layers)
        self.layers = nn.ModuleList(DecoderLayer(config, rate) for rate in rates)
        self.tables(config.decoder_layers)
        self.image_position_idx: Tensor
        self.register_buffer("image_position_idx", None, persistent=False)
        self.compute_code_positions()

    def compute_code_positions(self) -> None:
        """Where the symbols of an image-code sequence lie in the image."""
        config = self.config
        self.image_position_idx = code_positions(config.code_image_size, config.image_bucket_size)

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
        return F.linear(x, self.embed_tokens.weight), seen  # (N, T - new, V)

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
        new = cache.length if cache is not None else 0
        codes = code_masks if code_masks is not None and bool(code_masks.any()) else None
        kept = cache if cache is not None else DecoderCache()
        places = self.places(new, T, codes)  # (1 or N, T - new, C), before their norm
        normed = self.normed(places, codes)
        own = self.own_bias(tokens, normed, kept, with_pads=cache is None)
        across = self.memory_bias(normed, encoder, kept, N)
        if not kept.memory:
            for layer in self.layers:
                assert isinstance(layer, DecoderLayer)
                kept.memory.append(layer.encoder_attn.keys_and_values(encoder.states))

        text_rows = self.text_rows(T, new)
        image_rows = None if codes is None else self.image_rows(self.code_places(T)[None], new)
        x = self.embed(tokens[:, new:], places, codes)
        seen, grown = [x], []
        for number, layer in enumerate(self.layers):
            bias = own + self.text_bias(number, text_rows)
            if codes is not None and image_rows is not None:
                image = own + self.image_bias(number, image_rows)
                bias = torch.where(codes[:, None, None, None], image, bias)
            past = kept.own[number] if kept.own else None
            x, keys_values = layer(x, bias, kept.memory[number], across, past)
            seen.append(x)
            grown.append(keys_values)
        kept.own = grown
        return self.layer_norm(x), tuple(seen)

    def own_bias(
        self, tokens: Tensor, normed: Tensor, cache: DecoderCache, *, with_pads: bool
    ) -> Tensor:
        """Absolute bias and mask of self-attention, rows from the cache's length on.

        (1 or N, H, T - new, T).
        """
        T = tokens.shape[1]
        new = T - normed.shape[1]
        keys = self.self_pos_k_linear(normed)
        if cache.places is not None:
            keys = torch.cat([cache.places, keys], dim=1)
        cache.places = keys
        bias = self.absolute_bias(self.self_pos_q_linear(normed), keys)
        place = torch.arange(T, device=tokens.device)
        hidden = (place[None, :] > place[new:, None])[None, None]  # what lies ahead
        pads = tokens == PAD
        if with_pads and bool(pads.any()):
            hidden = hidden | pads[:, None, None, :]
        return bias.masked_fill(hidden, float("-inf"))

    def memory_bias(
        self, normed: Tensor, encoder: EncoderOutput, cache: DecoderCache, rows: int
    ) -> Tensor:
        """Absolute bias and mask of cross-attention, the same in all layers.

        (1 or B, H, K * (T - new), L): the K rows of a sentence one after the other.
        """
        if cache.encoder_places is None:
            cache.encoder_places = self.cross_pos_k_linear(encoder.positions)
        B = len(encoder.states)
        q = self.cross_pos_q_linear(normed)
        if len(q) == rows:
            q = q.reshape(B, -1, q.shape[2])  # (B, K * T, C)
        bias = self.absolute_bias(q, cache.encoder_places)
        if len(normed) < rows and rows > B:
            bias = bias.repeat(1, 1, rows // B, 1)  # all rows lie at the same places
        if bool(encoder.padding_mask.any()):
            bias = bias.masked_fill(encoder.padding_mask[:, None, None, :], float("-inf"))
        return bias

    def places(self, new: int, length: int, codes: Tensor | None) -> Tensor:
        """Position vectors of the target from `new` on: text's, or the image's for code rows."""
        text = self.embed_positions.weight[new:length][None]  # (1, T - new, C)
        if codes is None:
            return text
        image = self.embed_image_positions(self.code_places(length)[new:])[None]
        return torch.where(codes[:, None, None], image, text)

    def code_places(self, length: int) -> Tensor:
        """Image positions of a code sequence (length,); a small image has room for few."""
        places = self.image_position_idx[:length]
        window, side = self.config.code_image_size // 8, self.config.image_bucket_size
        room = side * side + 1 > int(places.max())
        if window > side or len(places) < length or not room:
            raise BadRequest(
                f"This network writes at most {window * window} codes on a grid of {side} x {side} "
                f"patches; {length - 1} codes have no place there."
            )
        return places

    def normed(self, places: Tensor, codes: Tensor | None) -> Tensor:
        if codes is None:
            return torch.as_tensor(self.pos_ln(places))
        return torch.where(codes[:, None, None], self.image_pos_ln(places), self.pos_ln(places))

    def embed(self, tokens: Tensor, places: Tensor, codes: Tensor | None) -> Tensor:
        x = self.embed_tokens(tokens)
        if not self.config.disable_entangle:
            x = x + places  # spec 13.1: older checkpoints add positions, in the decoder only
        y = self.layernorm_embedding(x)
        if codes is not None:
            y = torch.where(codes[:, None, None], self.code_layernorm_embedding(x), y)
        return F.dropout(y, self.config.dropout, self.training)
