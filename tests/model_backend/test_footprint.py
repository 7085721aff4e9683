"""What a model takes in memory is told from its header, before anything is loaded."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from model_backend import footprint
from model_backend.folder import EMBEDDED, ModelFolder

FOLDER = ModelFolder(Path(), "some", "1", "biomedgpt", ("answer",), weights="weights.safetensors")


def written(path: Path, body: bytes) -> ModelFolder:
    (path / FOLDER.weights).write_bytes(body)
    return replace(FOLDER, path=path)


def header(content: object) -> bytes:
    body = json.dumps(content).encode()
    return len(body).to_bytes(8, "little") + body


def test_the_numbers_of_a_header_are_counted(tmp_path: Path) -> None:
    content = {
        "__metadata__": {"format": "pt"},
        "one": {"dtype": "F32", "shape": [1000, 20], "data_offsets": [0, 80_000]},
        "scale": {"dtype": "F32", "shape": [], "data_offsets": [80_000, 80_004]},
    }

    assert footprint.count_weights(written(tmp_path, header(content))) == 20_001


def test_a_smaller_precision_needs_less_and_auto_is_taken_as_the_largest(tmp_path: Path) -> None:
    folder = written(tmp_path, header({"one": {"shape": [1000, 1000]}}))

    needs = [footprint.needed(folder, one) - footprint.PROCESS for one in ("fp32", "bf16", "int8")]

    assert needs == [5_200_000, 2_600_000, 1_625_000]
    assert footprint.needed(folder, "auto") == footprint.needed(folder, "fp32")


@pytest.mark.parametrize(
    "body",
    [b"\x08", b"\xff" * 4000, header([1, 2]) + bytes(4000), header({"one": 3}) + bytes(4000)],
)
def test_a_file_of_another_kind_is_counted_by_its_size(tmp_path: Path, body: bytes) -> None:
    assert footprint.count_weights(written(tmp_path, body)) == len(body) // 2


def test_a_model_without_weights_needs_only_its_process() -> None:
    assert footprint.needed(replace(FOLDER, weights="")) == footprint.PLAIN


def test_the_embedded_model_is_counted() -> None:
    folder = ModelFolder.read(EMBEDDED)
    file = folder.weights_path.stat().st_size

    assert file / 4.2 < footprint.count_weights(folder) < file / 1.9


def test_the_budget_is_half_of_the_machine_unless_it_is_set() -> None:
    assert footprint.budget(512) == 512 * footprint.MIB
    assert 2 * footprint.budget(0) <= footprint.of_machine() < 2 * footprint.budget(0) + 2
    assert footprint.of_machine() > 256 * footprint.MIB
