"""Models on disk and in a real child process, for the tests of the model's floor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from model_backend.client import ModelClient
from model_backend.folder import ModelFolder, Preprocess, sha256_of, write_model

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


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """A BiomedGPT of 2 + 2 layers, 32 wide, with random weights: it means nothing it says."""
    import torch

    from model_backend.biomedgpt.config import OFAConfig
    from model_backend.biomedgpt.network import BiomedGPT, initialise
    from model_backend.biomedgpt.weights import save_weights

    config = OFAConfig(
        d_model=32,
        ffn_dim=64,
        heads=4,
        encoder_layers=2,
        decoder_layers=2,
        resnet_layers=(1, 1, 1),
        dict_lines=3000,
        code_dict_size=16,
        num_bins=8,
        vocab_size=4 + 3000 + 1 + 16 + 8,
        token_bucket_size=16,
        image_bucket_size=4,
        code_image_size=64,
        patch_image_size=64,
        orig_patch_image_size=64,
        max_positions=200,
    )
    torch.manual_seed(3)
    network = BiomedGPT(config)
    initialise(network)
    path = tmp_path_factory.mktemp("models") / "tiny"
    path.mkdir()
    save_weights(path / "weights.safetensors", network)
    folder = ModelFolder(
        path=path,
        name="tiny",
        model_version="1.0.0",
        backend="biomedgpt",
        tasks=("answer", "choice", "findings"),
        config=config.to_json(),
        weights="weights.safetensors",
        sha256=sha256_of(path / "weights.safetensors"),
        preprocess=Preprocess(64),
    )
    write_model(folder)
    return folder
