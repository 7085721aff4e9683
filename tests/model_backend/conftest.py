"""Models on disk and in a real child process, for the tests of the model's floor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from model_backend.client import ModelClient
from model_backend.folder import ModelFolder, write_model

MakeFolder = Callable[..., ModelFolder]


@pytest.fixture
def echo_folder(tmp_path: Path) -> MakeFolder:
    """Makes an echo model that pauses before each word."""

    def make(pause: float = 0.0, backend: str = "echo") -> ModelFolder:
        path = tmp_path / f"echo-{pause}-{backend}"
        path.mkdir()
        folder = ModelFolder(
            path=path,
            name="echo",
            model_version="1.0.0",
            backend=backend,
            tasks=("answer", "choice", "findings"),
            config={"pause": pause},
        )
        write_model(folder)
        return folder

    return make


@pytest.fixture
def echo(echo_folder: MakeFolder) -> Iterator[ModelClient]:
    """An echo model that answers at once."""
    with ModelClient(echo_folder()) as client:
        yield client


@pytest.fixture
def slow_echo(echo_folder: MakeFolder) -> Iterator[ModelClient]:
    """An echo model that takes a fifth of a second for a word."""
    with ModelClient(echo_folder(0.2)) as client:
        yield client
