"""Where the symbols of a target stand, and what that adds to the decoder's attention
(specification, sections 3.3, 4.4 and 5)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.encoder import EncoderOutput
from model_backend.biomedgpt.layers import Stack, looked_up, norm
from model_backend.biomedgpt.positions import code_positions
from model_backend.request import BadRequest

NOWHERE = float("-inf")
BLOCK = 32  # places whose biases are computed together while decoding step by step


@dataclass(frozen=True)
class Block:
    """The biases of places `first` to `last` - 1 of a target, the same whatever its symbols are."""

    first: int
    last: int
    own: Tensor  # (layers, H, last - first, last), -inf on what lies ahead
    across: Tensor  # (B or 1, H, last - first, L), -inf where the encoder has nothing


class Targets(Stack):
    """The position vectors of texts and of image codes, and the biases that they make.

    A text's places are numbers in a row, those of image codes lie in a grid; `is_code` says which.
    """

    layers: nn.ModuleList  # each of them has bias tables of its own

    def __init__(self, config: OFAConfig, embed_tokens: nn.Embedding) -> None:
        super().__init__(config, embed_tokens)
        width = config.d_model
        self.code_layernorm_embedding = norm(width)  # first, as in every file of ours
        self.self_pos_q_linear = nn.Linear(width, width)
        self.self_pos_k_linear = nn.Linear(width, width)
        self.cross_pos_q_linear = nn.Linear(width, width)
        self.cross_pos_k_linear = nn.Linear(width, width)
        self.image_position_idx: Tensor
        self.register_buffer("image_position_idx", None, persistent=False)
        self.compute_code_positions()

    def compute_code_positions(self) -> None:
        """Where the symbols of an image-code sequence lie in the image."""
        config = self.config
        self.image_position_idx = code_positions(config.code_image_size, config.image_bucket_size)

    def block(self, first: int, last: int, is_code: bool, encoder: EncoderOutput) -> Block:
        """All biases of the places from `first` on, of BLOCK of them or up to `last`."""
        last = max(last, min(first + BLOCK, self.places(is_code)))
        own = self.own_bias(first, last, is_code)
        layers = range(len(self.layers))
        tables = [self.relative_bias(layer, first, last, is_code) for layer in layers]
        across = self.memory_bias(first, last, is_code, encoder)
        return Block(first, last, torch.stack(tables) + own, across)

    def own_bias(self, first: int, last: int, is_code: bool) -> Tensor:
        """Absolute bias and mask of self-attention: (1, H, last - first, last)."""
        g = self.normed(0, last, is_code)[None]
        q, k = self.self_pos_q_linear(g[:, first:]), self.self_pos_k_linear(g)
        place = torch.arange(last, device=g.device)
        ahead = place[None, :] > place[first:, None]
        return self.absolute_bias(q, k).masked_fill(ahead, NOWHERE)

    def relative_bias(self, layer: int, first: int, last: int, is_code: bool) -> Tensor:
        """A layer's bias of places `first` on to all before them: (H, last - first, last)."""
        if is_code:
            rows = self.image_rows(self.code_places(last), first)
            return looked_up(self.table("image", layer), rows)
        return looked_up(self.table("token", layer), self.text_rows(last, first))

    def memory_bias(self, first: int, last: int, is_code: bool, encoder: EncoderOutput) -> Tensor:
        """Absolute bias and mask of cross-attention, the same in all layers.

        (1 or B, H, last - first, L).
        """
        q = self.cross_pos_q_linear(self.normed(first, last, is_code)[None])
        k = self.cross_pos_k_linear(encoder.positions)
        bias = self.absolute_bias(q.expand(len(k), -1, -1), k)
        if bool(encoder.padding_mask.any()):
            bias = bias.masked_fill(encoder.padding_mask[:, None, None, :], NOWHERE)
        return bias

    def places(self, is_code: bool) -> int:
        """How many places a target can have."""
        codes = (self.config.code_image_size // 8) ** 2 + 1
        return codes if is_code else self.config.max_positions

    def vectors(self, first: int, last: int, is_code: bool) -> Tensor:
        """Position vectors of a target's places, text's or the image's: (last - first, C)."""
        if not is_code:
            return self.embed_positions.weight[first:last].float()
        return torch.as_tensor(self.embed_image_positions(self.code_places(last)[first:]))

    def normed(self, first: int, last: int, is_code: bool) -> Tensor:
        """The same after their layer norm."""
        norm = self.image_pos_ln if is_code else self.pos_ln
        return torch.as_tensor(norm(self.vectors(first, last, is_code)))

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
