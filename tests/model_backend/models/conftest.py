"""A tiny network that has every task; random weights, so that it means nothing it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.network import BiomedGPT, initialise
from model_backend.biomedgpt.weights import save_weights
from model_backend.folder import ModelFolder, Preprocess, sha256_of, write_model
from model_backend.models import load
from model_backend.models.biomedgpt import BiomedGPTModel
from model_backend.tasks import TASKS


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """The networks here are so small that more threads only get in each other's way."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def whole_folder(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """2 + 2 layers, 32 wide, pictures of 64 pixels, 16 codes, 500 bins of which 63 are in use."""
    config = OFAConfig(
        d_model=32,
        ffn_dim=64,
        heads=4,
        encoder_layers=2,
        decoder_layers=2,
        resnet_layers=(1, 1, 1),
        dict_lines=50260,  # the published dictionary, so that candidates differ
        code_dict_size=16,
        num_bins=500,
        vocab_size=4 + 50260 + 1 + 16 + 500,
        token_bucket_size=16,
        image_bucket_size=4,
        code_image_size=32,
        patch_image_size=64,
        orig_patch_image_size=64,
        max_positions=200,
    )
    torch.manual_seed(5)
    network = BiomedGPT(config)
    initialise(network)
    with torch.no_grad():  # far from even, so that one answer differs from another
        for layer in (*network.encoder.layers, *network.decoder.layers):
            for weight in layer.parameters():
                weight.mul_(3) if weight.dim() > 1 else None
        network.decoder.embed_tokens.weight[-500:] *= 3  # bins rather than the symbols 0 to 3
    path = tmp_path_factory.mktemp("models") / "whole"
    path.mkdir()
    save_weights(path / "weights.safetensors", network)
    folder = ModelFolder(
        path=path,
        name="whole",
        model_version="1.0.0",
        backend="biomedgpt",
        tasks=tuple(TASKS),
        config=config.to_json(),
        weights="weights.safetensors",
        sha256=sha256_of(path / "weights.safetensors"),
        preprocess=Preprocess(64),
    )
    write_model(folder)
    return folder


@pytest.fixture(scope="session")
def whole(whole_folder: ModelFolder) -> BiomedGPTModel:
    loaded = load(whole_folder, "cpu")
    assert isinstance(loaded, BiomedGPTModel)
    return loaded
