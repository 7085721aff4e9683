"""The network: attention, encoder and decoder (specification, sections 4 and 5)."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.image_tower import ImageTower
from model_backend.biomedgpt.positions import (
    code_positions,
    image_buckets,
    patch_positions,
    token_buckets,
)
from model_backend.request import BadRequest

PAD = 1
KeysValues = tuple[Tensor, Tensor]  # both (B, H, T, D)


@dataclass(frozen=True)
class EncoderOutput:
    """What the decoder needs of the encoder. L is patches + text."""

    states: Tensor  # (B, L, C)
    padding_mask: Tensor  # (B, L) bool, True where there is nothing
    positions: Tensor  # (B or 1, L, C) after their layer norm
    layers: tuple[Tensor, ...] = ()  # states after the embedding and after each layer


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


class Attention(nn.Module):
    """Multi-head attention with a bias on the logits and a learnt factor for each head."""

    def __init__(self, config: OFAConfig) -> None:
        super().__init__()
        width = config.d_model
        self.heads = config.heads
        self.scale = (config.head_dim * config.attn_scale_factor) ** -0.5
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)
        self.dropout = config.attention_dropout
        self.c_attn = nn.Parameter(torch.ones(self.heads)) if config.scale_heads else None

    def split(self, x: Tensor) -> Tensor:
        B, T, C = x.shape
        return x.view(B, T, self.heads, C // self.heads).transpose(1, 2)  # (B, H, T, D)

    def keys_and_values(self, x: Tensor) -> KeysValues:
        return self.split(self.k_proj(x)), self.split(self.v_proj(x))

    def forward(self, x: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
        """x (B, Tq, C), k and v (B, H, Tk, D), bias (B or 1, H, Tq, Tk) with -inf where masked."""
        B, T, C = x.shape
        q = self.split(self.q_proj(x))
        dropout = self.dropout if self.training else 0.0
        y = F.scaled_dot_product_attention(
            q, k, v, attn_mask=bias.to(q.dtype), dropout_p=dropout, scale=self.scale
        )  # (B, H, Tq, D)
        if self.c_attn is not None:
            y = y * self.c_attn.view(1, -1, 1, 1)
        return torch.as_tensor(self.out_proj(y.transpose(1, 2).reshape(B, T, C)))  # (B, T, C)


class Residual(nn.Module):
    """Dropout and stochastic depth of one branch, then the sum."""

    def __init__(self, dropout: float, drop_path: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.drop_path = drop_path

    def forward(self, x: Tensor, branch: Tensor) -> Tensor:
        branch = F.dropout(branch, self.dropout, self.training)
        if self.training and self.drop_path > 0:
            keep = 1 - self.drop_path
            kept = torch.rand(len(x), 1, 1, device=x.device) < keep
            branch = branch * kept / keep
        return x + branch


class FeedForward(nn.Module):
    """The half of a layer that both stacks share; its parts carry the checkpoint's names."""

    final_layer_norm: nn.LayerNorm
    ffn_layernorm: nn.LayerNorm | None

    def build(self, config: OFAConfig, drop_path: float) -> None:
        self.fc1 = nn.Linear(config.d_model, config.ffn_dim)
        self.ffn_layernorm = norm(config.ffn_dim) if config.scale_fc else None
        self.fc2 = nn.Linear(config.ffn_dim, config.d_model)
        self.final_layer_norm = norm(config.d_model)
        self.w_resid = nn.Parameter(torch.ones(config.d_model)) if config.scale_resids else None
        self.activation_dropout = config.activation_dropout
        self.residual = Residual(config.dropout, drop_path)

    def feed_forward(self, x: Tensor) -> Tensor:
        y = self.fc1(self.final_layer_norm(x))
        y = F.gelu(y.float()).to(y.dtype)  # the reference computes it in float32
        y = F.dropout(y, self.activation_dropout, self.training)
        if self.ffn_layernorm is not None:
            y = self.ffn_layernorm(y)
        kept = x if self.w_resid is None else x * self.w_resid
        return torch.as_tensor(self.residual(kept, self.fc2(y)))


def norm(width: int) -> nn.LayerNorm:
    return nn.LayerNorm(width, eps=1e-5)


class EncoderLayer(FeedForward):
    """A pre-norm layer with two norms more: after attention and inside the feed-forward part."""

    def __init__(self, config: OFAConfig, drop_path: float) -> None:
        super().__init__()
        self.self_attn = Attention(config)
        self.self_attn_layer_norm = norm(config.d_model)
        self.attn_ln = norm(config.d_model) if config.scale_attn else nn.Identity()
        self.build(config, drop_path)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        h = self.self_attn_layer_norm(x)
        a = self.self_attn(h, *self.self_attn.keys_and_values(h), bias)
        return self.feed_forward(self.residual(x, self.attn_ln(a)))


class DecoderLayer(FeedForward):
    """Self-attention, attention to the encoder, feed-forward."""

    def __init__(self, config: OFAConfig, drop_path: float) -> None:
        super().__init__()
        self.self_attn = Attention(config)
        self.self_attn_layer_norm = norm(config.d_model)
        self.self_attn_ln = norm(config.d_model) if config.scale_attn else nn.Identity()
        self.encoder_attn = Attention(config)
        self.encoder_attn_layer_norm = norm(config.d_model)
        self.cross_attn_ln = norm(config.d_model) if config.scale_attn else nn.Identity()
        self.build(config, drop_path)

    def forward(
        self,
        x: Tensor,
        own_bias: Tensor,
        memory: KeysValues,
        memory_bias: Tensor,
        past: KeysValues | None,
    ) -> tuple[Tensor, KeysValues]:
        """x (N, T, C) with its biases to the states after this layer and its keys and values.

        `memory` is of B sentences; the N = B * K rows of a sentence ask it together.
        """
        h = self.self_attn_layer_norm(x)
        k, v = self.self_attn.keys_and_values(h)
        if past is not None:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
        x = self.residual(x, self.self_attn_ln(self.self_attn(h, k, v, own_bias)))

        N, T, C = x.shape
        B = len(memory[0])
        h = self.encoder_attn_layer_norm(x).view(B, N // B * T, C)
        y = self.encoder_attn(h, *memory, memory_bias).view(N, T, C)
        x = self.residual(x, self.cross_attn_ln(y))
        return self.feed_forward(x), (k, v)


def depth_rates(rate: float, layers: int) -> list[float]:
    """Stochastic depth: 0 in the first layer, rising to the full rate in the last."""
    return [rate * layer / max(layers - 1, 1) for layer in range(layers)]


class Stack(nn.Module):
    """What encoder and decoder have in common: embeddings, positions and bias tables."""

    def __init__(self, config: OFAConfig, embed_tokens: nn.Embedding) -> None:
        super().__init__()
        self.config = config
        width, side = config.d_model, config.image_bucket_size
        self.scale = (config.head_dim * config.attn_scale_factor) ** -0.5
        self.embed_tokens = embed_tokens
        self.layernorm_embedding = norm(width)
        self.embed_positions = nn.Embedding(config.max_positions + 2, width)
        self.embed_image_positions = nn.Embedding(side * side + 1, width)
        self.pos_ln = norm(width)
        self.image_pos_ln = norm(width)
        self.layer_norm = norm(width)
        self.token_bucket: Tensor
        self.register_buffer("token_bucket", None, persistent=False)
        self.compute_buffers()

    def compute_buffers(self) -> None:
        """The bucket of each distance, which follows from the configuration and is in no file."""
        config = self.config
        self.token_bucket = token_buckets(config.token_bucket_size, config.max_positions)

    def tables(self, layers: int) -> None:
        config = self.config
        tokens = 2 * config.token_bucket_size - 1
        patches = (2 * config.image_bucket_size - 1) ** 2 + 3
        self.token_rel_pos_table_list = nn.ModuleList(
            nn.Embedding(tokens, config.heads) for _ in range(layers)
        )
        self.image_rel_pos_table_list = nn.ModuleList(
            nn.Embedding(patches, config.heads) for _ in range(layers)
        )

    def absolute_bias(self, q: Tensor, k: Tensor) -> Tensor:
        """Projected positions (B, Tq, C) and (B, Tk, C) to a bias (B, H, Tq, Tk)."""
        heads, width = self.config.heads, self.config.head_dim
        q = q.view(*q.shape[:2], heads, width).transpose(1, 2)  # (B, H, Tq, D)
        k = k.view(*k.shape[:2], heads, width).permute(0, 2, 3, 1)  # (B, H, D, Tk)
        return torch.as_tensor(torch.matmul(q, k) * self.scale)

    def text_rows(self, length: int, new: int = 0) -> Tensor:
        """Rows of the text tables for queries from `new` on: (length - new, length)."""
        place = torch.arange(length, device=self.token_bucket.device)
        distance = place[new:, None] - place[None, :]
        return self.token_bucket[distance + self.config.max_positions - 1]

    def image_rows(self, ids: Tensor, new: int = 0) -> Tensor:
        """Rows of the image tables for positions (B, P): (B, P - new, P)."""
        return image_buckets(ids[:, new:, None], ids[:, None, :], self.config.image_bucket_size)

    def text_bias(self, layer: int, rows: Tensor) -> Tensor:
        """(Tq, Tk) rows to this layer's (H, Tq, Tk)."""
        return torch.as_tensor(self.token_rel_pos_table_list[layer](rows)).permute(2, 0, 1)

    def image_bias(self, layer: int, rows: Tensor) -> Tensor:
        """(B, Pq, Pk) rows to this layer's (B, H, Pq, Pk)."""
        return torch.as_tensor(self.image_rel_pos_table_list[layer](rows)).permute(0, 3, 1, 2)

    def check_length(self, length: int) -> None:
        """Raise BadRequest for a sequence that the position tables do not reach."""
        if not 1 <= length <= self.config.max_positions:
            raise BadRequest(
                f"This network reads and writes texts of 1 to {self.config.max_positions} "
                f"symbols, not of {length}. Shorten the text."
            )


class Encoder(Stack):
    """Patches and text to states, in one sequence, patches first."""

    def __init__(self, config: OFAConfig, embed_tokens: nn.Embedding) -> None:
        super().__init__(config, embed_tokens)
        width = config.d_model
        self.type_embedding = nn.Embedding(2, width)  # 0 text, 1 image
        self.embed_images = ImageTower(
            config.resnet_layers, config.batch_norm_eps, is_frozen=config.freeze_resnet
        )
        self.image_proj = nn.Linear(1024, width)
        self.patch_layernorm_embedding = norm(width)
        self.pos_q_linear = nn.Linear(width, width)
        self.pos_k_linear = nn.Linear(width, width)
        rates = depth_rates(config.drop_path, config.encoder_layers)
        self.layers = nn.ModuleList(EncoderLayer(config, rate) for rate in rates)
        self.tables(config.encoder_layers)

    def patches(self, features: Tensor, order: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Features (B, 1024, h, w) to patches (B, P, 1024), ids (1 or B, P), positions (…, P, C).

        `order` (B, P) names the patches to keep, in their order (spec 4.2).
        """
        height, width = features.shape[2:]
        side = self.config.image_bucket_size
        if max(height, width) > side:
            raise BadRequest(
                f"The picture has {width} x {height} patches; this network takes at most "
                f"{side} x {side}."
            )
        patches = features.flatten(2).transpose(1, 2)  # (B, P, 1024)
        ids = patch_positions(height, width, side).to(features.device)[None]  # (1, P)
        positions = self.image_positions(ids, height, width)  # (1, P, C)
        if order is not None:
            patches = patches.expand(len(order), -1, -1)
            rows = torch.arange(len(order), device=order.device)[:, None]
            patches, ids = patches[rows, order], ids[0][order]
            positions = positions[0][order]
        return patches, ids, positions

    def image_positions(self, ids: Tensor, height: int, width: int) -> Tensor:
        """The table's rows, stretched over a larger grid where the config says so (spec 4.6)."""
        original = self.config.orig_patch_image_size // 16
        if not self.config.interpolate_position or height * width <= original * original:
            return torch.as_tensor(self.embed_image_positions(ids))
        grid = patch_positions(original, original, self.config.image_bucket_size)
        rows = self.embed_image_positions(grid.to(ids.device))  # (original², C)
        rows = rows.T.unflatten(1, (original, original))[None]  # (1, C, original, original)
        stretched = F.interpolate(rows, size=(height, width), mode="bilinear")
        return stretched.flatten(2).transpose(1, 2)  # (1, P, C)

    def forward(
        self,
        tokens: Tensor,
        features: Tensor | None,
        patch_masks: Tensor | None,
        order: Tensor | None,
    ) -> EncoderOutput:
        """Tokens (B, S) padded with 1, features (B, 1024, h, w), masks (B,), order (B, P)."""
        B, S = tokens.shape
        self.check_length(S)
        x = self.embed_tokens(tokens) + self.type_embedding.weight[0]
        x = F.dropout(self.layernorm_embedding(x), self.config.dropout, self.training)
        padding = tokens == PAD
        positions = self.pos_ln(self.embed_positions.weight[:S])[None]  # (1, S, C)
        ids: Tensor | None = None
        if features is not None:
            patches, ids, place = self.patches(features, order)
            y = self.image_proj(patches) + self.type_embedding.weight[1]
            y = self.patch_layernorm_embedding(y).expand(B, -1, -1)  # one picture may serve all
            y = F.dropout(y, self.config.dropout, self.training)
            x = torch.cat([y, x], dim=1)  # (B, L, C)
            absent = torch.zeros(B, y.shape[1], dtype=torch.bool, device=tokens.device)
            if patch_masks is not None:
                absent |= ~patch_masks[:, None]
            padding = torch.cat([absent, padding], dim=1)
            place = self.image_pos_ln(place)
            positions = torch.cat([place, positions.expand(len(place), -1, -1)], dim=1)
        x = x.masked_fill(padding[:, :, None], 0.0)

        bias = self.absolute_bias(self.pos_q_linear(positions), self.pos_k_linear(positions))
        if padding.any():
            bias = bias.masked_fill(padding[:, None, None, :], float("-inf"))
        rows = self.text_rows(S), None if ids is None else self.image_rows(ids)
        seen = [x]
        for number, layer in enumerate(self.layers):
            x = layer(x, self.with_tables(bias, number, *rows))
            seen.append(x)
        return EncoderOutput(self.layer_norm(x), padding, positions, tuple(seen))

    def with_tables(
        self, bias: Tensor, layer: int, text_rows: Tensor, image_rows: Tensor | None
    ) -> Tensor:
        """Add this layer's tables inside the text-text and the image-image block."""
        bias = bias.clone()  # (1 or B, H, L, L)
        length = len(text_rows)
        bias[:, :, -length:, -length:] += self.text_bias(layer, text_rows)
        if image_rows is not None:
            patches = image_rows.shape[1]
            bias[:, :, :patches, :patches] += self.image_bias(layer, image_rows)
        return bias


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


class BiomedGPT(nn.Module):
    """Image, text and location symbols in, symbols out; one set of embeddings for all."""

    def __init__(self, config: OFAConfig) -> None:
        super().__init__()
        self.config = config
        embed_tokens = nn.Embedding(config.vocab_size, config.d_model)
        self.encoder = Encoder(config, embed_tokens)
        self.decoder = Decoder(config, embed_tokens)  # tied, the output projection too

    def image_features(self, patch_images: Tensor) -> Tensor:
        """(B, 3, height, width) to (B, 1024, height / 16, width / 16)."""
        return torch.as_tensor(self.encoder.embed_images(patch_images))

    def encode(
        self,
        src_tokens: Tensor,
        patch_images: Tensor | None = None,
        patch_masks: Tensor | None = None,
        *,
        features: Tensor | None = None,
        order: Tensor | None = None,
    ) -> EncoderOutput:
        """Source (B, S), pictures (B, 3, height, width) and which rows have one (B,) bool.

        `features` in the place of pictures let many questions share a stem: (B, 1024, h, w), or one
        picture's (1, 1024, h, w) for all rows. `order` (B, kept) names the patches to keep. Raises
        BadRequest for a text or a picture that is larger than the position tables.
        """
        if features is None and patch_images is not None:
            features = self.image_features(patch_images)
        output: EncoderOutput = self.encoder(src_tokens, features, patch_masks, order)
        return output

    def decode(
        self,
        prev_output_tokens: Tensor,
        encoder: EncoderOutput,
        code_masks: Tensor | None = None,
        cache: DecoderCache | None = None,
    ) -> Tensor:
        """Symbols (N, T) to logits (N, T, V); of the new rows only when a `cache` is given.

        `code_masks` (N,) is True where the target is a sequence of image codes.
        """
        logits: Tensor = self.decoder(prev_output_tokens, encoder, code_masks, cache)[0]
        return logits

    def forward(
        self,
        src_tokens: Tensor,
        prev_output_tokens: Tensor,
        patch_images: Tensor | None = None,
        patch_masks: Tensor | None = None,
    ) -> Tensor:
        encoder = self.encode(src_tokens, patch_images, patch_masks)
        return self.decode(prev_output_tokens, encoder)

    def compute_buffers(self) -> None:
        """Make the computed tables anew, after a network was built without memory (device meta)."""
        self.encoder.compute_buffers()
        self.decoder.compute_buffers()
        self.decoder.compute_code_positions()


def initialise(network: BiomedGPT) -> None:
    """Weights to train from nothing (spec 5, last paragraph)."""
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
