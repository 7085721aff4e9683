"""An image tokenizer on the disk: `tokenizer.json` beside its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from model_backend.biomedgpt.image import normalised
from model_backend.coding.network import FACTOR, CodeConfig, CodeNetwork
from model_backend.folder import sha256_of
from model_backend.request import BadCheckpoint
from model_backend.training.saving import write_safely

FILE, WEIGHTS = "tokenizer.json", "weights.safetensors"
VERSION = 1
NOT_THE_PAPERS = (
    "These codes are of a tokenizer of our own; the published one was not to be had. A model that "
    "learnt them does not know the paper's codes, nor the other way round."
)


@dataclass(frozen=True)
class ImageCoder:
    """A tokenizer that is ready to write and draw codes."""

    name: str
    side: int  # pixels of the square that is coded
    network: CodeNetwork
    sha256: str
    facts: Mapping[str, Any]  # what was measured: usage, error, data

    def codes_of(self, pictures: list[Image.Image]) -> NDArray[np.int64]:
        """The middles of pictures, row by row: (N, codes)."""
        ready = np.stack([normalised(middle(one, self.side)) for one in pictures])
        with torch.inference_mode():
            found = self.network.codes_of(torch.from_numpy(ready))
        return np.asarray(found.flatten(1).numpy())

    def picture_of(self, codes: NDArray[np.int64]) -> Image.Image:
        """The picture that so many codes stand for. Raises BadCheckpoint for another number."""
        side = self.side // FACTOR
        if codes.size != side * side or codes.min() < 0 or codes.max() >= self.codes:
            raise BadCheckpoint(f"{self.name} draws {side * side} codes below {self.codes}.", "")
        with torch.inference_mode():
            drawn = self.network.picture_of(torch.from_numpy(codes.reshape(1, side, side)))
        pixels = ((drawn[0].permute(1, 2, 0) + 1) * 127.5).round().clamp(0, 255)
        return Image.fromarray(pixels.byte().numpy())

    @property
    def codes(self) -> int:
        return self.network.config.codes


def middle(image: Image.Image, side: int) -> Image.Image:
    """What infilling hides: the centre, half of each side of the resized picture (spec 10.2)."""
    whole = image.convert("RGB").resize((2 * side, 2 * side), Image.Resampling.LANCZOS)
    return whole.crop((side // 2, side // 2, side // 2 + side, side // 2 + side))


def write_coder(
    folder: Path, name: str, side: int, network: CodeNetwork, facts: Mapping[str, Any]
) -> None:
    """Write weights, then their description."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = {key: one.detach().cpu().contiguous() for key, one in network.state_dict().items()}
    with write_safely(folder / WEIGHTS) as file:
        save_file(entries, file.name)
    content = {
        "version": VERSION,
        "name": name,
        "side": side,
        "config": network.config.to_json(),
        "sha256": sha256_of(folder / WEIGHTS),
        "note": NOT_THE_PAPERS,
        "facts": dict(facts),
    }
    with write_safely(folder / FILE) as file:
        file.write((json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))


def read_coder(folder: Path) -> ImageCoder:
    """The tokenizer in that folder. Raises BadCheckpoint naming what is wrong with it."""
    path = folder / FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        known = {one.name for one in fields(CodeConfig)}
        table = {key: value for key, value in content["config"].items() if key in known}
        network = CodeNetwork(CodeConfig(**table))
        if content["version"] != VERSION:
            raise BadCheckpoint(f"{path} is of another Wetread. Train the tokenizer again.", "")
        if sha256_of(folder / WEIGHTS) != content["sha256"]:
            raise BadCheckpoint(f"The weights beside {path} are not those it names.", "sha256")
        network.load_state_dict(load_file(folder / WEIGHTS))
        side = int(content["side"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise BadCheckpoint(
            f"{folder} holds no image tokenizer that can be read ({type(error).__name__}). Train "
            "one with: wetread train recipes/tokenizer.toml",
            "",
        ) from error
    return ImageCoder(content["name"], side, network.eval(), content["sha256"], content["facts"])
