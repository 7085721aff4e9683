"""The network: attention, encoder and decoder (specification, sections 4 and 5)."""

from __future__ import annotations

from dataclasses import dataclass

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

PAD = 1
LayerCache = dict[str, Tensor] | None  # keys and values, (B, H, T, D)


@dataclass(frozen=True)
class EncoderOutput:
    """What the decoder needs of the encoder. L is patches + text."""

    states: Tensor  # (B, L, C)
    padding_mask: Tensor  # (B, L) bool, True where there is nothing
    positions: Tensor  # (B or 1, L, C) after their layer norm
    layers: tuple[Tensor, ...] = ()  # states after the embedding and after each layer


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
        self.c_attn = nn.Parameter(torch.ones(self.heads)) if config.scale_heads else None

    def split(self, x: Tensor) -> Tensor:
        B, T, C = x.shape
        return x.view(B, T, self.heads, C // self.heads).transpose(1, 2)  # (B, H, T, D)

    def keys_and_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.split(self.k_proj(x)), self.split(self.v_proj(x))

    def forward(self, x: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
        """x (B, Tq, C), k and v (B, H, Tk, D), bias (B or 1, H, Tq, Tk) with -inf where masked."""
        B, T, C = x.shape
        q = self.split(self.q_proj(x))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype), scale=self.scale)
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
        self.residual = Residual(config.dropout, drop_path)

    def feed_forward(self, x: Tensor) -> Tensor:
        y = self.fc1(self.final_layer_norm(x))
        y = F.gelu(y.float()).to(y.dtype)  # the reference computes it in float32
        if self.ffn_layernorm is not None:
            y = self.ffn_layernorm(y)
        return torch.as_tensor(self.residual(x, self.fc2(y)))


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
        self, x: Tensor, encoder: Tensor, self_bias: Tensor, cross_bias: Tensor, cache: LayerCache
    ) -> Tensor:
        h = self.self_attn_layer_norm(x)
        k, v = self.self_attn.keys_and_values(h)
        if cache is not None:
            if "self_k" in cache:
                k = torch.cat([cache["self_k"], k], dim=2)
                v = torch.cat([cache["self_v"], v], dim=2)
            cache["self_k"], cache["self_v"] = k, v
        x = self.residual(x, self.self_attn_ln(self.self_attn(h, k, v, self_bias)))

        h = self.encoder_attn_layer_norm(x)
        if cache is not None and "cross_k" in cache:
            k, v = cache["cross_k"], cache["cross_v"]
        else:
            k, v = self.encoder_attn.keys_and_values(encoder)
            if cache is not None:
                cache["cross_k"], cache["cross_v"] = k, v
        x = self.residual(x, self.cross_attn_ln(self.encoder_attn(h, k, v, cross_bias)))
        return self.feed_forward(x)


def depth_rates(rate: float, layers: int) -> list[float]:
    """Stochastic depth: 0 in the first layer, rising to the full rate in the last."""
    return [rate * layer / max(layers - 1, 1) for layer in range(layers)]


class Stack(nn.Module):
    """What encoder and decoder have in common: embeddings, positions and bias tables."""

    def __init__(self, config: OFAConfig) -> None:
        super().__init__()
        self.config = config
        width, side = config.d_model, config.image_bucket_size
        self.scale = (config.head_dim * config.attn_scale_factor) ** -0.5
        self.embed_tokens = nn.Embedding(config.vocab_size, width)
        self.layernorm_embedding = norm(width)
        self.embed_positions = nn.Embedding(config.max_positions + 2, width)
        self.embed_image_positions = nn.Embedding(side * side + 1, width)
        self.pos_ln = norm(width)
        self.image_pos_ln = norm(width)
        self.layer_norm = norm(width)
        self.token_rp_bucket: Tensor
        self.image_rp_bucket: Tensor
        self.register_buffer("token_rp_bucket", None, persistent=False)
        self.register_buffer("image_rp_bucket", None, persistent=False)
        self.compute_buffers()

    def compute_buffers(self) -> None:
        """The bucket tables, which follow from the configuration and are in no file of ours."""
        config = self.config
        self.token_rp_bucket = token_buckets(config.token_bucket_size, config.max_positions)
        self.image_rp_bucket = image_buckets(config.image_bucket_size)

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

    def text_bias(self, layer: int, length: int) -> Tensor:
        """(H, length, length) of this layer's table."""
        rows = self.token_rp_bucket[:length, :length]
        return torch.as_tensor(self.token_rel_pos_table_list[layer](rows)).permute(2, 0, 1)

    def image_bias(self, layer: int, ids: Tensor) -> Tensor:
        """Positions (B, P) to (B, H, P, P) of this layer's table."""
        rows = self.image_rp_bucket[ids[:, :, None], ids[:, None, :]]
        return torch.as_tensor(self.image_rel_pos_table_list[layer](rows)).permute(0, 3, 1, 2)


class Encoder(Stack):
    """Patches and text to states, in one sequence, patches first."""

    def __init__(self, config: OFAConfig) -> None:
        super().__init__(config)
        width = config.d_model
        self.type_embedding = nn.Embedding(2, width)  # 0 text, 1 image
        self.embed_images = ImageTower(config.resnet_layers, config.batch_norm_eps)
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
        B, _, height, width = features.shape
        side = self.config.image_bucket_size
        if max(height, width) > side:
            raise ValueError(
                f"The picture has {width} x {height} patches; this network takes at most "
                f"{side} x {side}."
            )
        patches = features.flatten(2).transpose(1, 2)  # (B, P, 1024)
        ids = patch_positions(height, width, side).to(features.device)[None]  # (1, P)
        positions = self.image_positions(ids, height, width)  # (1, P, C)
        if order is not None:
            rows = torch.arange(B, device=order.device)[:, None]
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
        x = self.embed_tokens(tokens) + self.type_embedding.weight[0]
        x = F.dropout(self.layernorm_embedding(x), self.config.dropout, self.training)
        padding = tokens == PAD
        positions = self.pos_ln(self.embed_positions.weight[:S])[None]  # (1, S, C)
        ids: Tensor | None = None
        if features is not None:
            patches, ids, place = self.patches(features, order)
            y = self.image_proj(patches) + self.type_embedding.weight[1]
            y = F.dropout(self.patch_layernorm_embedding(y), self.config.dropout, self.training)
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
        seen = [x]
        for number, layer in enumerate(self.layers):
            x = layer(x, self.with_tables(bias, number, S, ids))
            seen.append(x)
        return EncoderOutput(self.layer_norm(x), padding, positions, tuple(seen))

    def with_tables(self, bias: Tensor, layer: int, length: int, ids: Tensor | None) -> Tensor:
        """Add this layer's tables inside the text-text and the image-image block."""
        bias = bias.clone()
        bias[:, :, -length:, -length:] += self.text_bias(layer, length)
        if ids is not None:
            patches = ids.shape[1]
            bias[:, :, :patches, :patches] += self.image_bias(layer, ids)
        return bias


class Decoder(Stack):
    """Encoder states and the symbols so far to logits over the vocabulary."""

    def __init__(self, config: OFAConfig) -> None:
        super().__init__(config)
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
        self.image_position_idx = code_positions(
            config.code_image_size, config.image_bucket_size, config.max_positions + 2
        )

    def forward(
        self,
        tokens: Tensor,
        encoder: EncoderOutput,
        code_masks: Tensor | None = None,
        caches: list[dict[str, Tensor]] | None = None,
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Symbols (B, T) to logits (B, T, V) and the states after each layer.

        With `caches` (one dict a layer, empty at first) only the rows that they lack are computed:
        `tokens` are all symbols so far, the logits those of the new rows.
        """
        T = tokens.shape[1]
        new = caches[0]["self_k"].shape[2] if caches and "self_k" in caches[0] else 0
        codes = code_masks if code_masks is not None and bool(code_masks.any()) else None
        places = self.places(T, codes)  # (1 or B, T, C), before their norm
        normed = self.normed(places, codes)
        cross = self.absolute_bias(
            self.cross_pos_q_linear(normed[:, new:]), self.cross_pos_k_linear(encoder.positions)
        )  # (1 or B, H, T - new, L)
        if encoder.padding_mask.any():
            cross = cross.masked_fill(encoder.padding_mask[:, None, None, :], float("-inf"))
        own = self.absolute_bias(self.self_pos_q_linear(normed), self.self_pos_k_linear(normed))
        own = own.masked_fill(self.hidden(tokens, caches is None), float("-inf"))

        x = self.embed(tokens[:, new:], places[:, new:], codes)
        seen = [x]
        for number, layer in enumerate(self.layers):
            bias = (own + self.relative_bias(number, T, codes))[:, :, new:]
            x = layer(x, encoder.states, bias, cross, caches[number] if caches else None)
            seen.append(x)
        logits = F.linear(self.layer_norm(x), self.embed_tokens.weight)  # (B, T - new, V)
        return logits, tuple(seen)

    def places(self, length: int, codes: Tensor | None) -> Tensor:
        """Position vectors of the target: text's, or the image's for rows of codes."""
        text = self.embed_positions.weight[:length][None]  # (1, T, C)
        if codes is None:
            return text
        image = self.embed_image_positions(self.image_position_idx[:length])[None]
        return torch.where(codes[:, None, None], image, text)

    def normed(self, places: Tensor, codes: Tensor | None) -> Tensor:
        if codes is None:
            return torch.as_tensor(self.pos_ln(places))
        return torch.where(codes[:, None, None], self.image_pos_ln(places), self.pos_ln(places))

    def relative_bias(self, layer: int, length: int, codes: Tensor | None) -> Tensor:
        """(1 or B, H, T, T): the text table, or the image table for rows of codes."""
        text = self.text_bias(layer, length)[None]
        if codes is None:
            return text
        image = self.image_bias(layer, self.image_position_idx[None, :length])
        return torch.where(codes[:, None, None, None], image, text)

    def hidden(self, tokens: Tensor, with_pads: bool) -> Tensor:
        """True where a symbol may not look: ahead, and at pads (1 or B, 1, T, T)."""
        T = tokens.shape[1]
        ahead = torch.ones(T, T, dtype=torch.bool, device=tokens.device).triu(1)[None, None]
        pads = tokens == PAD
        if with_pads and bool(pads.any()):
            return ahead | pads[:, None, None, :]
        return ahead

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
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.decoder.embed_tokens = self.encoder.embed_tokens  # tied, output projection too

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
        """Source (B, S) and pictures, or their `features`, so that many questions share a stem."""
        if features is None and patch_images is not None:
            features = self.image_features(patch_images)
        output: EncoderOutput = self.encoder(src_tokens, features, patch_masks, order)
        return output

    def decode(
        self,
        prev_output_tokens: Tensor,
        encoder: EncoderOutput,
        code_masks: Tensor | None = None,
        caches: list[dict[str, Tensor]] | None = None,
    ) -> Tensor:
        """Logits (B, T, V), of the new rows only when `caches` are given."""
        logits: Tensor = self.decoder(prev_output_tokens, encoder, code_masks, caches)[0]
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

    def new_caches(self) -> list[dict[str, Tensor]]:
        return [{} for _ in self.decoder.layers]


def initialise(network: BiomedGPT) -> None:
    """Weights to train from nothing (spec 5, last paragraph)."""
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
