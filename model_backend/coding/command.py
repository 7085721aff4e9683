"""`wetread train` with a tokenizer's recipe: the tokenizer, and data sets with its codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from model_backend.coding.folder import NOT_THE_PAPERS, ImageCoder, read_coder
from model_backend.coding.recipe import read_code_recipe
from model_backend.coding.run import CodeRun
from model_backend.datasets.reading import Dataset
from model_backend.datasets.row import PARTS, Row
from model_backend.datasets.writing import DatasetWriter
from model_backend.request import INFILL_IMAGE
from model_backend.tuning.examples import opened
from model_backend.tuning.logs import Voice
from model_backend.tuning.objectives import BadRow

TOKENIZER, DATA = "tokenizer", "data"  # folders inside the run's
AT_ONCE = 32  # pictures


def code(path: Path, data: Path, out: Path | None, as_json: bool) -> Path:
    """Train a tokenizer to the end and write it, then the coded sets. Raises ModelError."""
    recipe = read_code_recipe(path)
    out = out or Path("runs") / recipe.name
    voice = Voice(as_json)
    run = CodeRun(recipe, data, out, voice)
    if run.done:
        voice.say(f"going on after step {run.done} of {recipe.learning.steps}", step=run.done)
    run.train()
    measured = run.write(out / TOKENIZER)
    voice.say(
        f"The tokenizer is in {out / TOKENIZER}: {recipe.network.codes} codes, of which "
        f"{100 * measured.used:.0f} % are in use (perplexity {measured.perplexity:.0f}); it draws "
        f"{measured.pictures} pictures again with an error of {measured.error:.1f} of 255 grey "
        "levels. These are not the paper's codes."
    )
    if recipe.learning.writes:
        coder = read_coder(out / TOKENIZER)
        for dataset in run.datasets:
            to = out / DATA / dataset.folder.name
            if not to.exists():
                count = write_codes(coder, dataset, to)
                voice.say(f"{to} has the codes of {count} pictures.")
    return out / TOKENIZER


def write_codes(coder: ImageCoder, dataset: Dataset, to: Path) -> int:
    """A copy of the data set in which every row with a picture has codes, as infilling asks for
    them; rows whose picture cannot be read are left out. How many rows it has."""
    count = 0
    facts = {
        "codes": {"tokenizer": coder.name, "sha256": coder.sha256, "codes": coder.codes},
        "note": NOT_THE_PAPERS,
    }
    with DatasetWriter(
        to, name=dataset.name, source=dataset.source, licence=dataset.licence, facts=facts
    ) as writer:
        for part in PARTS:
            for row in coded_rows(coder, dataset.rows(part)):
                writer.write(row)
                count += 1
    return count


def coded_rows(coder: ImageCoder, rows: Iterator[Row]) -> Iterator[Row]:
    """The rows as infilling reads them."""
    while taken := list(islice(rows, AT_ONCE)):
        pictures, usable = [], []
        for row in taken:
            try:
                pictures.append(opened(row))
            except BadRow:
                continue
            usable.append(row)
        if not usable:
            continue
        for row, codes in zip(usable, coder.codes_of(pictures), strict=True):
            yield replace(row, task=INFILL_IMAGE, codes=tuple(map(int, codes)))
