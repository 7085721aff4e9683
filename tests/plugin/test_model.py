"""All parts of the program share one model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from dicom_io.storage import DataRoot
from model_backend.folder import ModelFolder
from model_backend.request import ANSWER, ModelDied, NoModel, Request
from plugin._model import close_models, shared_client


@pytest.fixture
def root(echo_folder: ModelFolder) -> Iterator[DataRoot]:
    """A data root with the echo model in it, under two names."""
    root = DataRoot.choose().create()
    for name in ("echo", "other"):
        shutil.copytree(echo_folder.path, root.models / name)
    yield root
    close_models()


def test_second_caller_gets_the_same_client(root: DataRoot) -> None:
    assert shared_client(root, "echo") is shared_client(root, "echo")


def test_another_model_takes_the_place_of_the_first(root: DataRoot) -> None:
    first = shared_client(root, "echo")
    list(first.ask([Request(ANSWER, text="hello")]))

    second = shared_client(root, "other")

    assert second is not first
    assert first.pid is None
    with pytest.raises(ModelDied, match="closed"):
        next(first.ask([Request(ANSWER, text="hello")]))


def test_missing_model_is_told_and_the_present_one_kept(root: DataRoot) -> None:
    kept = shared_client(root, "echo")

    with pytest.raises(NoModel, match="lungs"):
        shared_client(root, "lungs")

    assert shared_client(root, "echo") is kept
