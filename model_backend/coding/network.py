"""The tokenizer's network: a small convolutional autoencoder around a codebook (f = 8).

Vectors are looked up by their direction, and the codebook follows the vectors that it is found by
as a running mean; a code that nothing finds is given the place of a vector in sight.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_backend.request import BadCheckpoint

FACTOR = 8  # pixels a side of one code (spec 3.3)
MOST = 8192  # codes that the dictionary has symbols for


@dataclass(frozen=True, slots=True)
class CodeConfig:
    """The sizes of one tokenizer."""

    codes: int = 1024
    dim: int = 32  # of a code's vector
    width: int = 64  # channels at half the side; twice as many below
    blocks: int = 2  # residual blocks at the codes' own scale, on either side
    decay: float = 0.97  # of the running means that the codebook follows
    dead: float = 0.05  # uses a step, on average, below which a code is placed anew

    def check(self) -> None:
        """Raise BadCheckpoint for sizes that cannot be."""
        if not 2 <= self.codes <= MOST:
            raise BadCheckpoint(f"An image tokenizer has 2 to {MOST} codes.", "codes")
        if min(self.dim, self.width) < 1 or self.blocks < 0:
            raise BadCheckpoint("The sizes of an image tokenizer are at least 1.", "width")
        if not 0 < self.decay < 1:
            raise BadCheckpoint("The codebook's decay is between 0 and 1.", "decay")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.as_tensor(self.conv2(F.silu(self.conv1(F.silu(self.norm(x))))))


@dataclass(frozen=True, eq=False)
class Coded:
    """What became of a batch of pictures."""

    picture: Tensor  # (B, 3, h, w), drawn from the codes alone
    codes: Tensor  # (B, h / 8, w / 8) int64
    commitment: Tensor  # how far the vectors lie from their codes
    vectors: Tensor  # (N, dim), of length 1


class CodeNetwork(nn.Module):
    """Pictures (B, 3, h, w) of numbers about 0, sides of multiples of 8, to codes and back."""

    codebook: Tensor  # (codes, dim), of length 1
    found: Tensor  # (codes,) running mean of uses a step
    sums: Tensor  # (codes, dim) running sum of the vectors that found each code

    def __init__(self, config: CodeConfig) -> None:
        super().__init__()
        config.check()
        self.config = config
        half, whole = config.width, 2 * config.width
        self.encoder = nn.Sequential(
            nn.Conv2d(3, half, 4, 2, 1),
            Block(half),
            nn.Conv2d(half, whole, 4, 2, 1),
            Block(whole),
            nn.Conv2d(whole, whole, 4, 2, 1),
            *(Block(whole) for _ in range(config.blocks)),
            nn.Conv2d(whole, config.dim, 1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(config.dim, whole, 1),
            *(Block(whole) for _ in range(config.blocks)),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(whole, whole, 3, padding=1),
            Block(whole),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(whole, half, 3, padding=1),
            Block(half),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(half, 3, 3, padding=1),
        )
        start = F.normalize(torch.randn(config.codes, config.dim), dim=1)
        self.register_buffer("codebook", start)
        self.register_buffer("found", torch.ones(config.codes))
        self.register_buffer("sums", start.clone())

    def vectors(self, pictures: Tensor) -> Tensor:
        """(B, h / 8, w / 8, dim), of length 1."""
        x = self.encoder(pictures).permute(0, 2, 3, 1)
        return F.normalize(x.float(), dim=-1)

    def nearest(self, vectors: Tensor) -> Tensor:
        """The code of each vector (..., dim): (...) int64."""
        return torch.as_tensor((vectors @ self.codebook.T).argmax(-1))

    def codes_of(self, pictures: Tensor) -> Tensor:
        """(B, h / 8, w / 8) int64."""
        return self.nearest(self.vectors(pictures))

    def picture_of(self, codes: Tensor) -> Tensor:
        """Codes (B, h, w) to pictures (B, 3, 8 h, 8 w)."""
        return self.drawn(self.codebook[codes])

    def drawn(self, vectors: Tensor) -> Tensor:
        """Vectors (B, h, w, dim) to pictures; of the size that convolutions learn from."""
        x = vectors.permute(0, 3, 1, 2) * self.config.dim**0.5
        return torch.as_tensor(self.decoder(x.contiguous()))

    def forward(self, pictures: Tensor) -> Coded:
        vectors = self.vectors(pictures)
        codes = self.nearest(vectors)
        there = self.codebook[codes]
        commitment = (vectors - there).square().sum(-1).mean()
        through = vectors + (there - vectors).detach()  # the gradient passes the look-up by
        return Coded(self.drawn(through), codes, commitment, vectors.detach().flatten(0, 2))

    @torch.no_grad()
    def follow(self, coded: Coded) -> int:
        """Move the codebook after a step; how many codes were placed anew."""
        config = self.config
        codes, vectors = coded.codes.flatten(), coded.vectors
        uses = torch.zeros_like(self.found).index_add_(0, codes, torch.ones_like(vectors[:, 0]))
        sums = torch.zeros_like(self.sums).index_add_(0, codes, vectors)
        self.found.lerp_(uses, 1 - config.decay)
        self.sums.lerp_(sums, 1 - config.decay)
        lost = (self.found < config.dead).nonzero().flatten()
        if len(lost):
            drawn = vectors[torch.randint(len(vectors), (len(lost),), device=vectors.device)]
            drawn = F.normalize(drawn + 0.01 * torch.randn_like(drawn), dim=1)
            self.sums[lost], self.found[lost] = drawn, 1.0
        self.codebook.copy_(F.normalize(self.sums, dim=1))
        return len(lost)
