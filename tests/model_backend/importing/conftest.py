"""The golden checkpoint in every style that is published, and an import in this process."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from model_backend.importing.progress import Silent
from model_backend.importing.run import Imported, Wish, bring_in
from tests.checkpoints import Content, golden, renamed, write_folder

torch.set_num_threads(1)  # the networks are tiny, and threads would only wait for one another


@pytest.fixture
def content() -> Content:
    """What the golden file holds."""
    return golden()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Content], Path]:
    """Writes a fairseq-style file."""

    def write_file(what: Content) -> Path:
        path = tmp_path / "golden.pt"
        torch.save(what, path)
        return path

    return write_file


@pytest.fixture
def theirs(content: Content, tmp_path: Path) -> Callable[..., Path]:
    """Writes a folder in the transformers style: kind bin or safetensors, in `shards` parts."""

    def write_it(kind: str = "safetensors", shards: int = 1, **config: object) -> Path:
        folder = tmp_path / "biomedgpt-pretrained"
        return write_folder(folder, renamed(content["model"]), kind, shards, **config)

    return write_it


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def bring(models: Path) -> Callable[..., Imported]:
    """Imports as the process does, in this process."""

    def run(source: Path | str, **options: Any) -> Imported:
        return bring_in(Wish(str(source), "Dr Test", **options), models, Silent)

    return run


def limited(kind: str, most: int) -> Iterator[None]:
    """The process's own limit, lowered for the test."""
    resource = pytest.importorskip("resource", reason="the operating system limits no process")
    which = getattr(resource, kind)
    before = resource.getrlimit(which)
    resource.setrlimit(which, (most, before[1]))
    yield
    resource.setrlimit(which, before)


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file can grow beyond 100 kB."""
    number = getattr(signal, "SIGXFSZ", None)
    handler = signal.signal(number, signal.SIG_IGN) if number else None
    yield from limited("RLIMIT_FSIZE", 100_000)
    if number:
        signal.signal(number, handler)


@pytest.fixture
def little_memory() -> Iterator[None]:
    """At most 4 GiB of addresses more than now."""
    pages = Path("/proc/self/statm")
    now = int(pages.read_text().split()[0]) * 4096 if pages.exists() else 2**40
    yield from limited("RLIMIT_AS", now + 4 * 2**30)
