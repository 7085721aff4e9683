"""Every published size is recognised by its entries in both styles; one is imported whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from model_backend.biomedgpt.checkpoint import adapt, adapt_names
from model_backend.biomedgpt.config import SIZES
from model_backend.biomedgpt.entries import Entry
from model_backend.biomedgpt.weights import state_shapes
from model_backend.importing.describing import size_of
from model_backend.importing.run import Imported
from tests.checkpoints import entries_of, write_published


def unread(key: str) -> Entry:
    """An entry of a file that is nowhere: whoever reads it fails."""

    def read() -> Tensor:
        raise AssertionError(f"{key} was read")

    return Entry((), torch.float16, read)


def entries(size: str, style: str) -> dict[str, Entry]:
    """A published file's entries. The embeddings share their bytes, as they do there."""
    found: dict[str, Entry] = {}
    for key, entry in entries_of(size, style).items():
        is_tied = key.endswith(("embed_tokens.weight", "output_projection.weight"))
        place = "tied" if is_tied else key
        kind = getattr(torch, entry["dtype"])
        found[key] = Entry(tuple(entry["shape"]), kind, unread(key).read, place)
    return found


@pytest.mark.parametrize("style", ["fairseq", "hf"])
@pytest.mark.parametrize("size", SIZES)
def test_every_size_is_recognised_without_reading_a_weight(size: str, style: str) -> None:
    found = adapt(entries(size, style), {})

    assert found.config == SIZES[size] and size_of(found.config) == size
    shapes = {key: entry.shape for key, entry in found.entries.items()}
    assert shapes == state_shapes(SIZES[size])


@pytest.mark.parametrize("size", SIZES)
def test_every_name_of_the_transformers_style_becomes_the_fairseq_one(size: str) -> None:
    for key, entry in entries_of(size, "hf").items():
        assert list(adapt_names({key: unread(key)})) == [entry["fairseq_key"]]


def test_a_whole_file_of_the_small_size_is_imported(
    tmp_path: Path, bring: Callable[..., Imported]
) -> None:
    path = tmp_path / "vqa_rad_tiny.pt"
    ema = write_published(path, "small")

    done = bring(path)

    folder = done.folder
    assert (folder.name, folder.size, done.averaged) == ("vqa_rad_tiny", "small", True)
    assert folder.tasks == ("answer", "choice") and folder.prompt_type == "prev_output"
    assert folder.config["add_object"] is True
    assert folder.preprocess is not None and folder.preprocess.size == 384
    assert any("trainval_ans2label.pkl" in note for note in done.notes)
    found = load_file(folder.weights_path)
    assert sum(entry.numel() for entry in found.values() if entry.is_floating_point()) > 33_000_000
    for key, entry in found.items():
        assert entry.dtype == ema[key].dtype and torch.equal(entry, ema[key]), key
