"""PEIR Gross: photographs of gross pathology with one sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from model_backend.datasets.draft import Fault, Found, Origin, Source
from model_backend.datasets.files import found_in, inside, text_of
from model_backend.datasets.picture import file_of
from model_backend.datasets.row import TEST, TRAIN
from model_backend.datasets.texts import caption

IMAGES = "peir_gross_images"


def read(origin: Origin) -> Iterator[Found]:
    """Its captions: `image name <tab> caption`, a line each."""
    for part, name in ((TRAIN, "train_images.tsv"), (TEST, "test_images.tsv")):
        yield from _captions(found_in(origin.path, name), part, origin.path / IMAGES)


def _captions(file: Path, part: str, images: Path) -> Iterator[Found]:
    with text_of(file) as lines:
        for number, line in enumerate(lines, 1):
            image, tab, text = line.rstrip("\r\n").partition("\t")
            place = f"line {number} of {file.name}"
            if not tab:
                yield Fault(place, "it is no image name and caption parted by a tab")
                continue
            picture = file_of(inside(images, image))
            yield caption(image, image, text, (picture,), official=part, place=place)


SOURCE = Source(
    "peir_gross",
    "PEIR Gross",
    "not stated by the library; for teaching",
    f"the folder with train_images.tsv, test_images.tsv and {IMAGES}/",
    "github.com/nlpaueb/bioCaption (makes these files); Kougia et al., W19-1803",
    "image",
    read,
    "The set says nothing of patients.",
)
