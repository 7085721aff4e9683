"""Every published style gives the same weights, bit for bit, and the reference's numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.weights import load_weights, state_shapes
from model_backend.importing.run import Imported
from tests.checkpoints import CHECKPOINT, AnyNode, Content, DictConfig

GOLDENS = CHECKPOINT.parent
Bring = Callable[..., Imported]
Write = Callable[[Content], Path]


def weights(done: Imported) -> dict[str, Tensor]:
    return load_file(done.folder.weights_path)


def assert_lossless(done: Imported, content: Content) -> None:
    """All learnt entries, in the kind that the source has; nothing that can be computed."""
    state, config = weights(done), OFAConfig.from_json(done.folder.config)
    assert state.keys() == state_shapes(config).keys()
    for key, entry in state.items():
        wanted = content["model"][key]
        assert entry.dtype == wanted.dtype, key
        assert torch.equal(entry, wanted), key


@pytest.mark.parametrize("is_old", [False, True])
def test_a_fairseq_file_is_taken_over_bit_for_bit(
    content: Content, tmp_path: Path, bring: Bring, is_old: bool
) -> None:
    path = tmp_path / "golden.pt"
    torch.save(content, path, _use_new_zipfile_serialization=not is_old)

    assert_lossless(bring(path), content)


@pytest.mark.parametrize("kind", ["bin", "safetensors"])
@pytest.mark.parametrize("shards", [1, 3])
def test_a_transformers_folder_is_taken_over_bit_for_bit(
    content: Content, theirs: Callable[..., Path], bring: Bring, kind: str, shards: int
) -> None:
    done = bring(theirs(kind, shards))

    assert_lossless(done, content)
    assert done.folder.name == "biomedgpt-pretrained"


@pytest.mark.parametrize("kind", ["bin", "safetensors"])
def test_one_file_of_such_a_folder_can_be_named(
    content: Content, theirs: Callable[..., Path], bring: Bring, kind: str
) -> None:
    (path,) = theirs(kind).glob(f"*.{kind}")

    assert_lossless(bring(path), content)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.float64])
def test_the_source_keeps_its_numbers(
    content: Content, write: Write, bring: Bring, kind: torch.dtype
) -> None:
    content["model"] = {
        key: entry.to(kind) if entry.is_floating_point() else entry
        for key, entry in content["model"].items()
    }

    assert_lossless(bring(write(content)), content)


def test_both_styles_give_the_references_numbers(
    theirs: Callable[..., Path], models: Path, bring: Bring
) -> None:
    inputs = load_file(GOLDENS / "inputs.safetensors")
    outputs = load_file(GOLDENS / "outputs.safetensors")
    sources: dict[str, Any] = {"fairseq": CHECKPOINT, "transformers": theirs("bin")}

    for name, source in sources.items():
        folder = bring(source, name=name).folder
        network = load_weights(folder.weights_path, OFAConfig.from_json(folder.config))
        with torch.no_grad():
            states = network.encode(
                inputs["src_tokens"], inputs["patch_images"], inputs["patch_masks"]
            )
            logits = network.decode(inputs["prev_output_tokens"], states)

        torch.testing.assert_close(states.states, outputs["full.encoder_out"], atol=1e-4, rtol=0)
        torch.testing.assert_close(logits, outputs["full.logits"], atol=1e-4, rtol=0)


def averaged(content: Content) -> dict[str, Tensor]:
    """The averaged weights of a made-up file: one entry more by one."""
    state = {key: entry.clone() for key, entry in content["model"].items()}
    state["encoder.layer_norm.bias"] += 1
    content["extra_state"]["ema"] = state
    return state


@pytest.mark.parametrize(
    ("task", "wish", "taken"),
    [
        ("vqa_gen", None, True),
        ("vqa_gen", False, False),
        ("caption", None, False),
        ("caption", True, True),
    ],
)
def test_averaged_weights_are_taken_where_published_evaluations_do(
    content: Content, write: Write, bring: Bring, task: str, wish: bool | None, taken: bool
) -> None:
    ema = averaged(content)
    content["cfg"]["task"]["_name"] = task

    done = bring(write(content), ema=wish)

    state = ema if taken else content["model"]
    found = weights(done)["encoder.layer_norm.bias"]
    assert done.averaged is taken
    assert torch.equal(found, state["encoder.layer_norm.bias"])


def test_settings_in_omegaconf_objects_are_read(
    content: Content, tmp_path: Path, bring: Bring
) -> None:
    content["cfg"] = DictConfig(
        {
            "task": DictConfig(
                {key: AnyNode(value) for key, value in content["cfg"]["task"].items()}
            ),
            "model": content["cfg"]["model"],
        }
    )
    content["extra_state"]["metrics"] = [AnyNode(3.5)]
    content["last_optimizer_state"] = {"state": {0: {"exp_avg": torch.ones(100, 100)}}}
    path = tmp_path / "golden.pt"
    torch.save(content, path)

    folder = bring(path).folder

    assert folder.prompt_type == "prev_output" and folder.tasks == ("answer", "choice")


def test_every_old_habit_of_the_format_is_read(
    content: Content, tmp_path: Path, bring: Bring
) -> None:
    state = content["model"]
    state["encoder.layer_norm.bias"] = torch.nn.Parameter(state["encoder.layer_norm.bias"])
    wide = torch.zeros(64, 32, dtype=torch.float16)
    wide[:] = state["encoder.layers.0.fc1.weight"]
    state["encoder.layers.0.fc1.weight"] = wide.t().contiguous().t()  # not in row order
    flat = torch.cat([state["encoder.layers.0.fc1.bias"], state["encoder.layers.0.fc2.bias"]])
    state["encoder.layers.0.fc1.bias"] = flat[:64]  # two entries on one storage
    state["encoder.layers.0.fc2.bias"] = flat[64:]
    path = tmp_path / "golden.pt"
    torch.save(content, path)

    assert_lossless(bring(path), content)
