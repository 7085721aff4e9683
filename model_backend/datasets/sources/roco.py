"""ROCO: figures of open-access articles with their captions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from model_backend.datasets.draft import Fault, Found, Origin, Source
from model_backend.datasets.files import found_in, inside, text_of
from model_backend.datasets.picture import file_of
from model_backend.datasets.row import TEST, TRAIN, VALIDATION
from model_backend.datasets.texts import caption


def read(origin: Origin) -> Iterator[Found]:
    """Its captions; the option `kind` takes `radiology` (so by default) or `non-radiology`."""
    kind = origin.options.get("kind", "radiology")
    data = origin.path / "data" if (origin.path / "data").is_dir() else origin.path
    for part in (TRAIN, VALIDATION, TEST):
        folder = data / part / kind
        articles = dict(_links(found_in(folder, "dlinks.txt")))
        yield from _captions(folder, part, articles)


def _captions(folder: Path, part: str, articles: dict[str, tuple[str, str]]) -> Iterator[Found]:
    with text_of(found_in(folder, "captions.txt")) as lines:
        for number, line in enumerate(lines, 1):
            name, _, text = line.rstrip("\r\n").partition("\t")
            place = f"line {number} of {part}/{folder.name}/captions.txt"
            name = name.strip()
            if name not in articles:
                yield Fault(place, "its image is not in dlinks.txt")
                continue
            article, image = articles[name]
            picture = file_of(inside(folder / "images", f"{article}_{image}"))
            yield caption(name, article, text, (picture,), official=part, place=place)


def _links(file: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """ROCO id, and the article and file name of its image: `id <tab> wget ... URL <tab> name`."""
    with text_of(file) as lines:
        for line in lines:
            cells = line.rstrip("\r\n").split("\t")
            if len(cells) >= 3:
                article = cells[1].split("/")[-1].removesuffix(".tar.gz")
                yield cells[0].strip(), (article, cells[-1].strip())


SOURCE = Source(
    "roco",
    "ROCO",
    "of each article: licences.txt",
    "the repository after its scripts/fetch.py: data/PART/radiology/{captions,dlinks}.txt, images/",
    "github.com/razorx89/roco-dataset; Pelka et al., LABELS 2018, doi:10.1007/978-3-030-01364-6_20",
    "article",
    read,
    "The official split is by image: where it parts one article's figures, the hash decides.",
)
