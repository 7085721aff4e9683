"""What cannot be imported is refused in one sentence; nothing is left behind and no code runs."""

from __future__ import annotations

import collections
import io
import json
import os
import pickle
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from model_backend.importing import opening
from model_backend.importing.run import Imported
from model_backend.request import ModelError
from tests.checkpoints import CHECKPOINT, Content, save_apart

Refused = Callable[..., str]
Theirs = Callable[..., Path]
Write = Callable[[Content], Path]
INFINITE = float("inf")


@pytest.fixture
def refused(bring: Callable[..., Imported], models: Path) -> Refused:
    """The one sentence that an import ends with; the folder of models is empty afterwards."""

    def run(source: Path | str, **options: Any) -> str:
        with pytest.raises(ModelError) as caught:
            bring(source, **options)
        sentence = str(caught.value)
        assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 500
        assert list(models.iterdir()) == []
        return sentence

    return run


# --- another kind of file ---


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "Git LFS"),
        (b"\n<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        (b"<HTML>", "web page"),
        (b"PK\x05\x06" + bytes(18), "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "damaged"),
        (b"{}", "damaged"),
        (bytes(4096), "damaged"),
    ],
)
@pytest.mark.parametrize("name", ["download.pt", "pytorch_model.bin", "model.safetensors"])
def test_what_is_often_saved_instead_is_named(
    tmp_path: Path, refused: Refused, body: bytes, word: str, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(body)

    assert word in refused(path)


def test_a_folder_without_weights_and_one_with_several_are_refused(
    tmp_path: Path, refused: Refused
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "training_args.bin").write_bytes(b"x")
    assert "no weights" in refused(folder)

    (folder / "one.pt").write_bytes(b"x")
    (folder / "two.pt").write_bytes(b"x")
    assert "--file" in refused(folder)
    assert "three.pt" in refused(folder, file="three.pt")


@pytest.mark.skipif(sys.platform == "win32", reason="the operating system has no such files")
def test_what_is_not_there_or_no_file_is_refused(tmp_path: Path, refused: Refused) -> None:
    os.mkfifo(tmp_path / "pipe.pt")
    (tmp_path / "loop.pt").symlink_to(tmp_path / "loop.pt")

    assert "nothing at" in refused(tmp_path / "absent.pt")
    assert "nothing at" in refused("models/absent.safetensors")
    assert "nothing at" in refused("absent")
    assert "neither a file nor a folder" in refused(tmp_path / "pipe.pt")
    assert "loop.pt" in refused(tmp_path / "loop.pt")
    assert "nothing at" in refused("~nobody-of-that-name/x.pt")
    assert "nothing at" in refused("a" * 5000)
    assert "neither a file nor a folder" in refused("/dev/zero")


# --- cut short ---


@pytest.mark.parametrize("share", [0.0001, 0.3, 0.7, 0.999])
@pytest.mark.parametrize("style", ["fairseq", "legacy", "bin", "safetensors"])
def test_a_file_cut_short_is_refused(
    content: Content,
    theirs: Theirs,
    tmp_path: Path,
    refused: Refused,
    style: str,
    share: float,
) -> None:
    if style in ("bin", "safetensors"):
        source = theirs(style)
        (path,) = source.glob(f"*.{style}")
    else:
        source = path = tmp_path / "golden.pt"
        torch.save(content, path, _use_new_zipfile_serialization=style == "fairseq")
    body = path.read_bytes()

    path.write_bytes(body[: int(len(body) * share)])

    assert path.name in refused(source)


def test_a_flipped_bit_in_an_archive_is_found(tmp_path: Path, refused: Refused) -> None:
    body = bytearray(CHECKPOINT.read_bytes())
    body[len(body) // 2] ^= 1
    path = tmp_path / "golden.pt"
    path.write_bytes(body)

    assert "damaged" in refused(path)


# --- values and shapes ---


@pytest.mark.parametrize("value", [float("nan"), INFINITE])
def test_values_that_are_no_numbers_are_named(
    content: Content, write: Write, refused: Refused, value: float
) -> None:
    content["model"]["decoder.layers.1.fc2.weight"].fill_(value)

    assert "decoder.layers.1.fc2.weight" in refused(write(content))


def test_variances_below_zero_are_named(content: Content, write: Write, refused: Refused) -> None:
    content["model"]["encoder.embed_images.bn1.running_var"][5] = -1

    assert "encoder.embed_images.bn1.running_var" in refused(write(content))


def test_a_file_of_nothing_but_nan_is_refused(theirs: Theirs, refused: Refused) -> None:
    folder = theirs("safetensors")
    path = folder / "model.safetensors"
    save_apart(
        {
            key: torch.full_like(entry, float("nan")) if entry.is_floating_point() else entry
            for key, entry in load_file(path).items()
        },
        path,
    )

    assert "no numbers" in refused(folder)


@pytest.mark.parametrize(
    "shape", [(), (0,), (64,), (64, 33), (33, 64), (1, 64, 32), (10**6, 0)], ids=str
)
def test_wrong_sizes_are_named(
    content: Content, write: Write, refused: Refused, shape: tuple[int, ...]
) -> None:
    content["model"]["encoder.layers.1.fc1.weight"] = torch.zeros(shape)

    assert "encoder.layers.1.fc1.weight" in refused(write(content))


@pytest.mark.parametrize("rows", [0, 1, 30_522, 59_459, 250_000])
def test_another_vocabulary_is_refused(
    content: Content, write: Write, refused: Refused, rows: int
) -> None:
    del content["cfg"]["task"]["code_dict_size"], content["cfg"]["task"]["num_bins"]
    for key in ("embed_tokens.weight", "output_projection.weight"):
        for stack in ("encoder", "decoder"):
            if f"{stack}.{key}" in content["model"]:
                content["model"][f"{stack}.{key}"] = torch.zeros(rows, 32, dtype=torch.float16)

    sentence = refused(write(content))

    assert "symbols" in sentence or "encoder.embed_tokens.weight" in sentence


def test_a_tensor_far_larger_than_its_numbers_is_refused(
    content: Content, write: Write, refused: Refused
) -> None:
    one = torch.zeros(1, dtype=torch.float16)
    content["model"]["encoder.embed_tokens.weight"] = one.expand(10**9, 10**6)

    assert "damaged" in refused(write(content))


@pytest.mark.parametrize("where", [(0, 10**15), (1, 10**15), (2, 10**15), (1, -1), (0, -5)])
def test_absurd_numbers_in_a_pickle_are_refused(
    tmp_path: Path, refused: Refused, where: tuple[int, int]
) -> None:
    path = tmp_path / "absurd.pt"
    numbers = [2, 4, 1]  # length of the storage, rows, columns
    numbers[where[0]] = where[1]
    _write_raw(path, Tensor_(*numbers))

    assert "damaged" in refused(path)


def _write_raw(path: Path, entry: object, packed: bool = False) -> None:
    """An archive with one entry, whose pickle says what it likes."""
    out = io.BytesIO()
    pickler = _Pickler(out)
    pickler.dump({"model": {"encoder.embed_tokens.weight": entry}})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if packed else 0) as archive:
        archive.writestr("archive/data.pkl", out.getvalue())
        archive.writestr("archive/data/0", bytes(4))


class _Pickler(pickle.Pickler):
    def persistent_id(self, one: Any) -> Any:
        if isinstance(one, Storage_):
            return ("storage", torch.HalfStorage, "0", "cpu", one.length)
        return None


class Storage_:
    """A storage of a length that it has not."""

    def __init__(self, length: int) -> None:
        self.length = length


class Tensor_:
    """A tensor of a shape that its storage has not."""

    def __init__(self, length: int, rows: int, columns: int) -> None:
        self.numbers = length, rows, columns

    def __reduce__(self) -> tuple[Any, ...]:
        length, rows, columns = self.numbers
        words = (Storage_(length), 0, (rows, columns), (columns, 1), False, None)
        return torch._utils._rebuild_tensor_v2, words


def test_a_packed_archive_is_refused(tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + b"]" * 50_000_000 + b".")
    assert path.stat().st_size < 100_000

    assert "damaged" in refused(path)


@pytest.mark.parametrize(
    "body",
    [
        b"\x80\x02}r\xff\xff\xff\xff.",  # remember under the number 4294967295
        b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b".",  # a terabyte of bytes
        b"\x80\x05\x96" + struct.pack("<Q", 2**62) + b".",
        b"\x80\x05\x8e" + struct.pack("<Q", 2**40) + b".",
        b"\x80\x04\x95" + struct.pack("<Q", 2**40) + b"}.",  # a frame of a terabyte
        b"\x80\x02" + b"(" * 100_000,
        b"\x80\x02" + b"]" * 20_000_000 + b".",
    ],
)
def test_pickles_that_ask_for_too_much_memory_are_refused(
    tmp_path: Path, refused: Refused, body: bytes, little_memory: None
) -> None:
    path = tmp_path / "greedy.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", body)

    refused(path)


# --- settings that do not fit ---


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("d_model", 10**9),
        ("d_model", -32),
        ("d_model", "32"),
        ("d_model", None),
        ("encoder_layers", 10**12),
        ("decoder_ffn_dim", 65),
        ("encoder_attention_heads", 8),
        ("vocab_size", 59457),
        ("vocab_size", 10**15),
        ("image_bucket_size", 42),
        ("normformer", False),
        ("max_position_embeddings", 1025),
        ("attn_scale_factor", 0),
        ("attn_scale_factor", "nan"),
        ("attn_scale_factor", [2]),
        ("code_image_size", 10**9),
        ("code_image_size", -8),
        ("code_dict_size", 10**9),
        ("num_bins", 10**9),
    ],
)
def test_settings_that_are_not_the_weights_are_named(
    theirs: Theirs, refused: Refused, name: str, value: object
) -> None:
    sentence = refused(theirs("safetensors", **{name: value}))

    assert name in sentence or "symbols" in sentence


@pytest.mark.parametrize("body", ["", "[]", "{", "[" * 100_000, '{"d_model": ' + "9" * 5000 + "}"])
def test_a_config_that_is_no_table_is_refused(theirs: Theirs, refused: Refused, body: str) -> None:
    folder = theirs("safetensors")
    (folder / "config.json").write_text(body)

    assert "config.json" in refused(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"d_model": 64},
        {"code_image_size": 10**9},
        {"attn_scale_factor": -1},
        {"attn_scale_factor": float("nan")},
        {"dropout": float("inf")},
        {"patch_image_size": 10**400},
        {"max_image_size": "512"},
        {"sync_bn": collections.OrderedDict()},
    ],
)
def test_absurd_arguments_in_a_fairseq_file_do_no_harm(
    content: Content, write: Write, bring: Callable[..., Imported], change: dict[str, Any]
) -> None:
    vars(content["cfg"]["model"]).update(change)

    try:
        config = bring(write(content)).folder.config
    except ModelError as error:
        assert next(iter(change)) in str(error)
    else:
        assert config["d_model"] == 32 and config["attn_scale_factor"] == 2


# --- several files ---


@pytest.mark.parametrize(
    "name", ["../model.safetensors", "/etc/passwd", "a/b.safetensors", "..", ".hidden", 7, None, ""]
)
def test_an_index_names_no_file_elsewhere(
    theirs: Theirs, refused: Refused, tmp_path: Path, name: object
) -> None:
    folder = theirs("safetensors", shards=2)
    (tmp_path / "model.safetensors").write_bytes(b"elsewhere")
    path = folder / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    index["weight_map"]["encoder.layer_norm.bias"] = name
    path.write_text(json.dumps(index))

    assert "not one beside it" in refused(folder)


def test_shards_that_are_not_those_of_the_index_are_refused(
    theirs: Theirs, refused: Refused
) -> None:
    folder = theirs("bin", shards=2)
    path = folder / "pytorch_model.bin.index.json"
    index = json.loads(path.read_text())
    first = next(iter(index["weight_map"]))

    del index["weight_map"][first]
    path.write_text(json.dumps(index))
    assert first in refused(folder)

    index["weight_map"][first] = "pytorch_model-00001-of-00002.bin"
    path.write_text(json.dumps(index))
    (folder / "pytorch_model-00002-of-00002.bin").unlink()
    assert "missing" in refused(folder)

    path.write_text("{}")
    assert "names no files" in refused(folder)


def test_two_files_of_one_model_have_to_agree(
    theirs: Theirs, refused: Refused, bring: Callable[..., Imported]
) -> None:
    folder = theirs("bin")
    theirs("safetensors")
    path = folder / "model.safetensors"
    state = load_file(path)
    state["encoder.layer_norm.bias"][3] += 1
    save_apart(state, path)

    assert "encoder.layer_norm.bias" in refused(folder)

    chosen = bring(folder, file="model.safetensors")
    assert chosen.folder.origin == str(folder)


def test_one_entry_under_two_names_is_refused(
    content: Content, write: Write, refused: Refused
) -> None:
    key = "encoder.layers.0.attn_ln.weight"
    other = key.replace("attn_ln", "self_attn_mid_layer_norm")
    content["model"][other] = content["model"][key]

    assert key in refused(write(content))


# --- code ---


class Payload:
    """Makes a file when an ordinary unpickler reads it."""

    def __init__(self, mark: Path, how: str) -> None:
        self.mark, self.how = str(mark), how

    def __reduce__(self) -> tuple[Any, ...]:
        if self.how == "eval":
            return eval, (f"open({self.mark!r}, 'w')",)
        if self.how == "system":
            return os.system, (f"touch {self.mark}",)
        return open, (self.mark, "w")


PLACES = ["cfg", "task", "extra_state", "last_optimizer_state", "model", "entry", "key", "whole"]


def poisoned(content: Content, place: str, payload: Payload) -> Any:
    """The golden content with a payload somewhere in it."""
    if place == "whole":
        return payload
    if place == "entry":
        content["model"]["encoder.layer_norm.bias"] = payload
    elif place == "key":
        content["model"][payload] = torch.zeros(1)
    elif place == "task":
        content["cfg"]["task"]["prompt_type"] = payload
    elif place in ("model", "last_optimizer_state"):
        content[place] = payload
    else:
        content[place]["payload"] = payload
    return content


@pytest.mark.parametrize("how", ["eval", "system", "open"])
@pytest.mark.parametrize("place", PLACES)
def test_no_code_runs_wherever_it_stands(
    content: Content,
    tmp_path: Path,
    bring: Callable[..., Imported],
    models: Path,
    place: str,
    how: str,
) -> None:
    mark, path = tmp_path / "mark", tmp_path / "hostile.pt"
    torch.save(
        poisoned(content, place, Payload(mark, how)),
        path,
        _use_new_zipfile_serialization=how != "open",
    )

    if place in ("model", "entry", "key", "whole"):
        with pytest.raises(ModelError):
            bring(path)
        assert list(models.iterdir()) == []
    else:
        bring(path)  # what the file names stays inert; its weights are sound

    assert not mark.exists()


def test_no_code_runs_from_a_bin_of_the_other_style(
    theirs: Theirs, tmp_path: Path, refused: Refused
) -> None:
    folder, mark = theirs("bin"), tmp_path / "mark"
    torch.save({"x": Payload(mark, "open")}, folder / "pytorch_model.bin")

    refused(folder)

    assert not mark.exists()


@pytest.mark.parametrize("how", ["eval", "system", "open"])
def test_the_payload_would_have_run(tmp_path: Path, how: str) -> None:
    mark, path = tmp_path / "mark", tmp_path / "hostile.pt"
    torch.save({"x": Payload(mark, how)}, path)

    loaded = torch.load(path, weights_only=False)
    if how != "system":
        loaded["x"].close()

    assert mark.exists()


def test_what_a_pickle_builds_on_our_own_parts_does_not_last(
    tmp_path: Path, refused: Refused, content: Content, bring: Callable[..., Imported]
) -> None:
    path = tmp_path / "builder.pt"
    # GLOBAL torch._utils _rebuild_tensor_v2, then BUILD it with new attributes
    body = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}U\x08__call__cos\nsystem\nsb."
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", body)

    refused(path)

    assert opening and bring(CHECKPOINT).folder.tasks


# --- the disk ---


def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    refused: Refused, small_files: None
) -> None:
    assert "no room" in refused(CHECKPOINT)


def test_a_folder_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, bring: Callable[..., Imported], models: Path
) -> None:
    models.rmdir()
    models.write_text("a file in its place")

    with pytest.raises(ModelError):
        bring(CHECKPOINT)
