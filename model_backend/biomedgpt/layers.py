"""What encoder and decoder are made of: attention, feed-forward, their layers, position biases
(specification, sections 4.4, 4.5 and 5)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.positions import image_buckets, token_buckets
from model_backend.request import BadRequest

PAD = 1
HEADS = 2  # at a time, where attention is computed by hand
ROWS = 300  # of the encoder that a feed-forward part takes at a time
FEW = 16  # queries up to which two plain products are quicker than PyTorch's kernel
KeysValues = tuple[Tensor, Tensor]  # both (B, H, T, D)


class Norm(nn.LayerNorm):
    """Layer norm in its own precision, whatever precision a product before it had."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.to(self.weight.dtype))

    def alike(self, x: Tensor) -> Tensor:
        """Computed in its own precision, given in that of `x`."""
        if not x.is_cpu:
            return torch.as_tensor(self(x)).to(x.dtype)
        return super().forward(x)  # the processor's kernel takes both in one


def norm(width: int) -> Norm:
    return Norm(width, eps=1e-5)


class HeadsBias(NamedTuple):
    """An encoder layer's bias, which is put together for as many heads as are in work.

    All heads of all layers would fill memory that the processor's cache is too small for.
    """

    shared: Tensor  # (B or 1, H, L, L), the same in all layers
    table: Tensor  # (H, rows), this layer's
    rows: Tensor  # (1 or B, L, L), of the table for each query and key

    def of(self, heads: slice = slice(None)) -> Tensor:
        """(B or 1, heads, L, L)."""
        relative = looked_up(self.table[heads], self.rows).transpose(0, 1)
        shared = self.shared[:, heads]
        in_place = not torch.is_grad_enabled() and relative.shape == shared.shape
        return relative.add_(shared) if in_place else relative + shared


class Attention(nn.Module):
    """Multi-head attention with a bias on the logits and a learnt factor for each head.

    `joint` stands for q, k and v (or k and v, where others ask) in one product, once packing.py has
    put them together; the projections of its parts are gone then.
    """

    q_proj: nn.Module
    k_proj: nn.Module
    v_proj: nn.Module
    out_proj: nn.Module
    joint: nn.Module | None

    def __init__(self, config: OFAConfig) -> None:
        super().__init__()
        width = config.d_model
        self.heads = config.heads
        self.scale = (config.head_dim * config.attn_scale_factor) ** -0.5
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)
        self.joint = None
        self.dropout = config.attention_dropout
        self.c_attn = nn.Parameter(torch.ones(self.heads)) if config.scale_heads else None

    def split(self, x: Tensor) -> Tensor:
        B, T, C = x.shape
        return x.view(B, T, self.heads, C // self.heads).transpose(1, 2)  # (B, H, T, D)

    def queries(self, x: Tensor) -> Tensor:
        return self.split(self.q_proj(x))

    def keys_and_values(self, x: Tensor) -> KeysValues:
        """Of what others ask."""
        if self.joint is None:
            return self.split(self.k_proj(x)), self.split(self.v_proj(x))
        k, v = self.joint(x).unflatten(2, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return k, v

    def queries_keys_values(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of a sequence that asks itself."""
        if self.joint is None:
            return (self.queries(x), *self.keys_and_values(x))
        q, k, v = self.joint(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return q, k, v

    def forward(self, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | HeadsBias) -> Tensor:
        """q (B, H, Tq, D), k and v (B, H, Tk, D), bias (B or 1, H, Tq, Tk), -inf where masked.

        To (B, Tq, C). The logits, their bias and the softmax are computed in float32.
        """
        by_hand = q.is_cpu and not torch.is_grad_enabled()
        in_parts = by_hand and q.dtype == torch.bfloat16
        if isinstance(bias, HeadsBias) and not in_parts:
            bias = bias.of()
        if in_parts or isinstance(bias, HeadsBias):
            y = attention_by_hand(q, k, v, bias, self.scale)
        elif by_hand and q.shape[2] <= FEW and q.dtype == torch.float32:
            y = attention_of_few(q, k, v, bias, self.scale)
        else:
            if q.is_cuda or torch.is_grad_enabled():
                bias = bias.to(q.dtype)  # what these kernels want
            dropout = self.dropout if self.training else 0.0
            y = F.scaled_dot_product_attention(
                q, k, v, attn_mask=bias, dropout_p=dropout, scale=self.scale
            )  # (B, H, Tq, D)
        if self.c_attn is not None:
            y = y * self.c_attn.view(1, -1, 1, 1)
        return torch.as_tensor(self.out_proj(y.transpose(1, 2).flatten(2)))  # (B, Tq, C)


def attention_by_hand(
    q: Tensor, k: Tensor, v: Tensor, bias: Tensor | HeadsBias, scale: float
) -> Tensor:
    """Attention in bfloat16 on a processor, a few heads at a time, which then stay in its cache.

    PyTorch's kernel there takes twice as long. The sums of the products are float32, and so are
    bias and softmax; the results of both products are rounded to bfloat16.
    """
    done = []
    for first in range(0, q.shape[1], HEADS):
        heads = slice(first, first + HEADS)
        logits = torch.matmul(q[:, heads], k[:, heads].transpose(2, 3)).float()
        its = bias.of(heads) if isinstance(bias, HeadsBias) else bias[:, heads]
        shares = torch.softmax(torch.add(its, logits, alpha=scale, out=logits), dim=-1)
        done.append(torch.matmul(shares.to(v.dtype), v[:, heads]))
    return torch.cat(done, dim=1)  # (B, H, Tq, D)


def attention_of_few(q: Tensor, k: Tensor, v: Tensor, bias: Tensor, scale: float) -> Tensor:
    """Attention of a few queries, a decoding step's, in two products over all heads at once."""
    B, H, T, _ = q.shape
    bias = bias.expand(B, -1, -1, -1).flatten(0, 1)  # (B * H, Tq, Tk)
    keys, values = k.flatten(0, 1), v.flatten(0, 1)  # (B * H, Tk, D)
    logits = torch.baddbmm(bias, q.flatten(0, 1), keys.transpose(1, 2), alpha=scale)
    shares = torch.softmax(logits, dim=-1)
    return torch.bmm(shares, values).view(B, H, T, -1)


class Residual(nn.Module):
    """Dropout and stochastic depth of one branch, then the sum."""

    def __init__(self, dropout: float, drop_path: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.drop_path = drop_path

    def forward(self, x: Tensor, branch: Tensor) -> Tensor:
        if self.training:
            branch = F.dropout(branch, self.dropout)
            if self.drop_path > 0:
                keep = 1 - self.drop_path
                kept = torch.rand(len(x), 1, 1, device=x.device) < keep
                branch = branch * kept / keep
        return x + branch


class FeedForward(nn.Module):
    """The half of a layer that both stacks share; its parts carry the checkpoint's names."""

    fc1: nn.Module
    fc2: nn.Module
    final_layer_norm: nn.LayerNorm
    ffn_layernorm: Norm | None

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
        # The reference computes it in float32, as the processor's kernel does of its own accord.
        y = F.gelu(y) if y.is_cpu else F.gelu(y.float()).to(y.dtype)
        y = F.dropout(y, self.activation_dropout, self.training)
        if self.ffn_layernorm is not None:
            y = self.ffn_layernorm.alike(y)
        kept = x if self.w_resid is None else x * self.w_resid
        return torch.as_tensor(self.residual(kept, self.fc2(y)))


class EncoderLayer(FeedForward):
    """A pre-norm layer with two norms more: after attention and inside the feed-forward part."""

    def __init__(self, config: OFAConfig, drop_path: float) -> None:
        super().__init__()
        self.self_attn = Attention(config)
        self.self_attn_layer_norm = norm(config.d_model)
        self.attn_ln = norm(config.d_model) if config.scale_attn else nn.Identity()
        self.build(config, drop_path)

    def forward(self, x: Tensor, bias: Tensor | HeadsBias) -> Tensor:
        attention = self.self_attn
        a = attention(*attention.queries_keys_values(self.self_attn_layer_norm(x)), bias)
        x = self.residual(x, self.attn_ln(a))
        if torch.is_grad_enabled():
            return self.feed_forward(x)
        # Its inner states are four times as wide, and several of them stand beside one another.
        return torch.cat([self.feed_forward(part) for part in torch.split(x, ROWS, dim=1)], dim=1)


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
        slots: Slots | None = None,
    ) -> Tensor:
        """x (G, T, C) to the states after this layer; G groups look each at its own symbols.

        own_bias is (G or 1, H, T, T), or with `slots` (G or 1, H, T, all slots). The memory is of
        B sentences, memory_bias (B or 1, H, G / B * T, L): G may be a multiple of B.
        """
        q, k, v = self.self_attn.queries_keys_values(self.self_attn_layer_norm(x))
        if slots is not None:
            k, v = slots.take(k, v)
        x = self.residual(x, self.self_attn_ln(self.self_attn(q, k, v, own_bias)))

        h = self.encoder_attn_layer_norm(x).view(len(memory[0]), -1, x.shape[2])
        y = self.encoder_attn(self.encoder_attn.queries(h), *memory, memory_bias).view_as(x)
        return self.feed_forward(self.residual(x, self.cross_attn_ln(y)))


class Slots(NamedTuple):
    """One layer's keys and values of the symbols so far, and where the next ones belong."""

    keys: Tensor  # (B, H, slots, D), already made for the new ones
    values: Tensor
    new: slice | Tensor  # numbers of the new slots; a tensor where shapes have to stay

    def take(self, k: Tensor, v: Tensor) -> KeysValues:
        """Write the new keys and values (B, H, new, D) in their places; give all."""
        self.keys[:, :, self.new] = k
        self.values[:, :, self.new] = v
        return self.keys, self.values


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
        return torch.as_tensor(torch.matmul(q * self.scale, k))

    def text_rows(self, length: int, new: int = 0) -> Tensor:
        """Rows of the text tables for queries from `new` on: (length - new, length)."""
        place = torch.arange(length, device=self.token_bucket.device)
        distance = place[new:, None] - place[None, :]
        return self.token_bucket[distance + self.config.max_positions - 1]

    def image_rows(self, ids: Tensor, new: int = 0) -> Tensor:
        """Rows of the image tables for positions (..., P): (..., P - new, P)."""
        queries, keys = ids[..., new:, None], ids[..., None, :]
        return image_buckets(queries, keys, self.config.image_bucket_size)

    def table(self, name: str, layer: int) -> Tensor:
        """A layer's table of relative positions, heads first: (H, rows)."""
        return torch.as_tensor(getattr(self, f"{name}_rel_pos_table_list")[layer].weight).T

    def check_length(self, length: int) -> None:
        """Raise BadRequest for a sequence that the position tables do not reach."""
        if not 1 <= length <= self.config.max_positions:
            raise BadRequest(
                f"This network reads and writes texts of 1 to {self.config.max_positions} "
                f"symbols, not of {length}. Shorten the text."
            )


def looked_up(table: Tensor, rows: Tensor) -> Tensor:
    """Entries of a table (H, R) by rows of any shape: (H, *rows). Head by head, so that the result
    lies in memory as attention reads it."""
    places = rows.flatten()
    if torch.is_grad_enabled():
        found = torch.index_select(table, 1, places)
    else:  # twice as quick on a processor, but not backwards
        found = torch.gather(table, 1, places.expand(len(table), -1))
    return found.view(len(table), *rows.shape)
