"""The image tower: the first three stages of a ResNet (spec 4.1)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model_backend.biomedgpt.products import Convolution, PackedConvolution

WIDTHS = (64, 128, 256)  # inner widths of the three stages; each gives four times as many channels


class Bottleneck(nn.Module):
    """1x1, 3x3 (with the stride), 1x1 convolution, each with batch norm, around a shortcut."""

    conv1: nn.Module
    conv2: nn.Module
    conv3: nn.Module

    def __init__(self, channels: int, width: int, stride: int, eps: float) -> None:
        super().__init__()
        out = 4 * width
        self.is_halving = stride == 2
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width, eps)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width, eps)
        self.conv3 = nn.Conv2d(width, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out, eps)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or channels != out:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out, eps)
            )

    def forward(self, x: Tensor) -> Tensor:
        if isinstance(self.conv3, Convolution | PackedConvolution):  # norms and ReLUs are in them
            shortcut = x if self.downsample is None else self.downsample(x)
            return self.conv3.onto(self.conv2(self.conv1(x)), shortcut)
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        shortcut = x if self.downsample is None else self.downsample(x)
        return F.relu(y + shortcut)


class ImageTower(nn.Module):
    """(B, 3, height, width) to (B, 1024, height / 16, width / 16)."""

    conv1: nn.Module
    bn1: nn.Module

    def __init__(self, blocks: Sequence[int], eps: float, *, is_frozen: bool = False) -> None:
        super().__init__()
        self.is_frozen = is_frozen  # batch norms keep their statistics and weights in training
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64, eps)
        channels = 64
        stages: list[nn.Sequential] = []
        for stage, (count, width) in enumerate(zip(blocks, WIDTHS, strict=True)):
            rooms = []
            for block in range(count):
                stride = 2 if stage > 0 and block == 0 else 1
                rooms.append(Bottleneck(channels, width, stride, eps))
                channels = 4 * width
            stages.append(nn.Sequential(*rooms))
        self.layer1, self.layer2, self.layer3 = stages
        if is_frozen:
            for module in self.batch_norms():
                module.requires_grad_(False)

    def batch_norms(self) -> list[nn.BatchNorm2d]:
        return [module for module in self.modules() if isinstance(module, nn.BatchNorm2d)]

    def train(self, mode: bool = True) -> ImageTower:
        """Training mode, but for frozen batch norms."""
        super().train(mode)
        if self.is_frozen:
            for module in self.batch_norms():
                module.eval()
        return self

    def forward(self, images: Tensor) -> Tensor:
        x = self.bn1(self.conv1(images))
        if not isinstance(self.conv1, Convolution | PackedConvolution):
            x = F.relu(x)
        x = F.max_pool2d(x, 3, 2, 1)
        x = self.layer3(self.layer2(self.layer1(x)))
        return torch.as_tensor(x)
