"""From a picture to the network's input: RGB, resized, normalised (spec 7), hidden (10.2)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

HALF = (0.5, 0.5, 0.5)
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def preprocess(
    picture: Image.Image | NDArray[np.uint8],
    size: int,
    mean: tuple[float, ...] = HALF,
    std: tuple[float, ...] = HALF,
) -> Tensor:
    """A picture of any size to (3, size, size) float32.

    The aspect ratio is not kept, as in the reference; the resize is Pillow's bicubic with its
    anti-aliasing. Arrays are uint8, (height, width) or (height, width, 3).
    """
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image = image.convert("RGB").resize((size, size), Image.Resampling.BICUBIC)
    return torch.from_numpy(normalised(image, mean, std))


def normalised(
    image: Image.Image, mean: tuple[float, ...] = HALF, std: tuple[float, ...] = HALF
) -> NDArray[np.float32]:
    """The pixels of an RGB picture as it is: (3, height, width) float32, by numpy alone."""
    pixels: NDArray[np.float32] = np.asarray(image, np.float32) / np.float32(255)  # (H, W, 3)
    pixels -= np.array(mean, np.float32)
    pixels /= np.array(std, np.float32)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def without_middle(image: Tensor) -> Tensor:
    """A prepared picture (3, size, size) whose middle, half of each side, is set to 0 (spec 10.2).

    Published pre-training has 256 pixels a side and hides 128. The zero is one of the normalised
    picture, so that nothing of what was there is left.
    """
    hidden = image.clone()
    height, width = image.shape[1:]
    hidden[:, height // 4 : height // 4 + height // 2, width // 4 : width // 4 + width // 2] = 0
    return hidden
