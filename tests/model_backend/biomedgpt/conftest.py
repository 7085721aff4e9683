"""The golden numbers of the reference and the tiny network that they were made with."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from model_backend.biomedgpt.checkpoint import load_network
from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.network import BiomedGPT

torch.set_num_threads(1)  # the networks are tiny, and threads would only wait for one another
GOLDENS = Path(__file__).resolve().parents[2] / "data" / "goldens"


@pytest.fixture(scope="session")
def goldens() -> Path:
    """The folder of golden numbers."""
    return GOLDENS


@pytest.fixture(scope="session")
def tiny_config() -> OFAConfig:
    return OFAConfig.from_json(GOLDENS / "tiny" / "config.json")


@pytest.fixture(scope="session")
def tiny(tiny_config: OFAConfig) -> BiomedGPT:
    """The tiny network with its weights, in evaluation mode."""
    return load_network(GOLDENS / "tiny" / "checkpoint.pt", tiny_config)


@pytest.fixture(scope="session")
def inputs() -> dict[str, Tensor]:
    return load_file(GOLDENS / "tiny" / "inputs.safetensors")


@pytest.fixture(scope="session")
def outputs() -> dict[str, Tensor]:
    return load_file(GOLDENS / "tiny" / "outputs.safetensors")
