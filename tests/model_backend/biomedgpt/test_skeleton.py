"""A network without values has every shape, and is built without torch's compiler."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import torch

from model_backend.biomedgpt.config import SIZES
from model_backend.biomedgpt.network import BiomedGPT
from model_backend.biomedgpt.skeleton import without_values

PROGRAM = """
import sys
from model_backend.biomedgpt.config import SIZES
from model_backend.biomedgpt.weights import state_shapes
state_shapes(SIZES["small"])
print("torch._dynamo" in sys.modules)
"""


def test_every_parameter_is_without_values_and_computed_tables_have_theirs() -> None:
    with without_values():
        network = BiomedGPT(SIZES["small"])

    assert {one.device.type for one in network.parameters()} == {"meta"}
    assert network.decoder.image_position_idx.tolist()[:3] == [0, 1, 2]


def test_outside_values_are_drawn_as_always() -> None:
    with without_values():
        pass

    torch.manual_seed(0)
    drawn = torch.nn.Linear(64, 64).weight.detach()

    assert 0 < float(drawn.std()) < 1


def test_shapes_are_told_without_importing_the_compiler(root: Path) -> None:
    output = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=root, check=True, capture_output=True, text=True
    ).stdout

    assert output.strip() == "False"
