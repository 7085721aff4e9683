"""The encoder: patches and text to states, in one sequence (specification, section 4)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.image_tower import ImageTower
from model_backend.biomedgpt.layers import (
    PAD,
    EncoderLayer,
    HeadsBias,
    Stack,
    depth_rates,
    norm,
)
from model_backend.biomedgpt.positions import patch_positions
from model_backend.request import BadRequest


@dataclass(frozen=True)
class EncoderOutput:
    """What the decoder needs of the encoder. L is patches + text."""

    states: Tensor  # (B, L, C)
    padding_mask: Tensor  # (B, L) bool, True where there is nothing
    positions: Tensor  # (B or 1, L, C) after their layer norm
    layers: tuple[Tensor, ...] = ()  # states after the embedding and after each layer


class Encoder(Stack):
    """Patches and text to states, in one sequence, patches first."""

    image_proj: nn.Module

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
        positions = self.pos_ln(self.embed_positions.weight[:S].float())[None]  # (1, S, C)
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

        rows = self.table_rows(S, ids)
        bias = self.absolute_bias(self.pos_q_linear(positions), self.pos_k_linear(positions))
        if padding.any():
            bias = bias.masked_fill(padding[:, None, None, :], float("-inf"))
        seen = [x]
        for number, layer in enumerate(self.layers):
            x = layer(x, HeadsBias(bias, self.both_tables(number), rows))
            seen.append(x)
        return EncoderOutput(self.layer_norm(x), padding, positions, tuple(seen))

    def table_rows(self, length: int, ids: Tensor | None) -> Tensor:
        """Rows of `both_tables` for each query and key: (1 or B, L, L)."""
        text = self.text_rows(length)[None]
        if ids is None:
            return text
        B, P = ids.shape
        after = self.table("token", 0).shape[1]
        neither = after + self.table("image", 0).shape[1]
        rows = text.new_full((B, P + length, P + length), neither)
        rows[:, :P, :P] = self.image_rows(ids.int()) + after
        rows[:, P:, P:] = text
        return rows

    def both_tables(self, layer: int) -> Tensor:
        """The text's rows, the image's, and a zero where a patch and a symbol meet: (H, rows)."""
        text, image = self.table("token", layer), self.table("image", layer)
        return torch.cat([text, image, text.new_zeros(len(text), 1)], dim=1)
