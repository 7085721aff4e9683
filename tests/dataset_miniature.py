"""Miniatures of public sets: pictures, files, and a conversion that is read back."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from model_backend.datasets.convert import Converted, convert
from model_backend.datasets.draft import Origin
from model_backend.datasets.known import source_named
from model_backend.datasets.reading import Dataset, open_dataset
from model_backend.datasets.row import PARTS, Row


def drawn(seed: int, kind: str = "PNG", side: int = 48) -> bytes:
    """A picture of its own for each seed; coarse shapes are stronger than fine ones, as in life."""
    chance = np.random.default_rng(seed)
    total = np.zeros((side, side), dtype=np.float32)
    for shapes in (2, 4, 8, 16):
        small = Image.fromarray(chance.normal(size=(shapes, shapes)).astype(np.float32))
        larger = small.resize((side, side), Image.Resampling.BICUBIC)
        total += np.asarray(larger) / shapes
    greys = np.clip(128 + 90 * total, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(greys).save(out, kind)
    return out.getvalue()


def put(path: Path, content: bytes | str) -> Path:
    """A file, with the folders that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


class Miniature:
    """A set in the making, and what becomes of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "source"
        self.folder.mkdir()
        self.out = folder / "set"
        self.converted: Converted | None = None

    def put(self, name: str, content: bytes | str) -> Path:
        """A file of the set."""
        return put(self.folder / name, content)

    def draw(self, name: str, seed: int, kind: str = "PNG") -> Path:
        """A picture of the set."""
        return self.put(name, drawn(seed, kind))

    def convert(
        self,
        source: str,
        *,
        path: Path | None = None,
        split: str = "auto",
        only: dict[str, str] | None = None,
        longest: int = 0,
        **options: str,
    ) -> Dataset:
        """The data set that `source` makes of it."""
        origin = Origin(path or self.folder, options=options)
        self.converted = convert(
            source_named(source), origin, self.out, split=split, only=only or {}, longest=longest
        )
        return open_dataset(self.out)

    @property
    def left_out(self) -> list[str]:
        """The rows that were not used, each with its reason."""
        assert self.converted is not None
        return self.converted.left_out.named


def all_rows(dataset: Dataset) -> list[Row]:
    """The rows of every part."""
    return [row for part in PARTS for row in dataset.rows(part)]
