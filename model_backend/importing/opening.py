"""A published model on disk, opened: its settings read, its weights ready to be read one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from model_backend.biomedgpt.checkpoint import Checkpoint, adapt, fairseq
from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.entries import Entry
from model_backend.biomedgpt.unpickle import open_pickle
from model_backend.importing.choosing import (
    CONFIG,
    MERGES,
    VOCABULARY,
    Choice,
    choose,
    read_json,
    shards_of,
)
from model_backend.importing.problems import ImportProblem
from model_backend.importing.vocabulary import check_vocabulary
from model_backend.request import BadCheckpoint

_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
# Fields of a transformers-style config.json that the shapes tell too (spec 2.4), and ours.
_SHAPES = {
    "d_model": "d_model",
    "encoder_ffn_dim": "ffn_dim",
    "decoder_ffn_dim": "ffn_dim",
    "encoder_layers": "encoder_layers",
    "decoder_layers": "decoder_layers",
    "encoder_attention_heads": "heads",
    "decoder_attention_heads": "heads",
    "token_bucket_size": "token_bucket_size",
    "image_bucket_size": "image_bucket_size",
    "max_position_embeddings": "max_positions",
}
_SETTINGS = ("attn_scale_factor", "code_image_size", "code_dict_size", "num_bins", "sync_bn")


@dataclass(frozen=True)
class Opened:
    """A model whose every key was checked; its values are read when asked for."""

    checkpoint: Checkpoint
    files: tuple[Path, ...]  # all that were read
    notes: tuple[str, ...] = ()  # what the person should know


@contextmanager
def open_source(path: Path, wanted: str = "", ema: bool | None = None) -> Iterator[Opened]:
    """The model in a file or folder. `ema`: see `open_fairseq`.

    Raises ImportProblem when it is not clear what to read, BadCheckpoint when it cannot be used.
    """
    if path.is_dir():
        try:
            folder, names = path, {one.name for one in path.iterdir() if one.is_file()}
        except OSError as error:
            raise ImportProblem(f"{path} cannot be read ({error.strerror}).") from error
        choice = choose(names, str(path), wanted)
    else:
        folder = path.parent
        beside = [name for name in (CONFIG, VOCABULARY, MERGES) if (folder / name).is_file()]
        choice = Choice(path.name, tuple(beside))
    with ExitStack() as stack:
        opened = stack.enter_context(_open(folder, choice, ema))
        if choice.twin:
            twin = stack.enter_context(_open(folder, replace(choice, weights=choice.twin), ema))
            _compare(opened.checkpoint, twin.checkpoint, choice)
        notes = [f"{name} was left aside." for name in choice.left_aside]
        yield replace(opened, notes=(*opened.notes, *notes))


@contextmanager
def _open(folder: Path, choice: Choice, ema: bool | None) -> Iterator[Opened]:
    path = folder / choice.weights
    with ExitStack() as stack:
        if not choice.is_index and _kind(path) == "pickle":
            content = stack.enter_context(open_pickle(path))
            if isinstance(content.get("model"), dict) or "cfg" in content:
                yield Opened(fairseq(content, path.name, ema=ema), (path,))
                return
        if ema:
            raise BadCheckpoint(f"{path.name} carries no averaged (EMA) weights.", "ema")
        entries, files = _entries(path, choice, stack)
        settings = read_json(folder / CONFIG) if CONFIG in choice.beside else {}
        if "d_model" not in settings:
            settings = {}  # of something else that lies in the same folder
        checkpoint = adapt(
            entries, {name: settings[name] for name in _SETTINGS if name in settings}
        )
        _check_settings(settings, checkpoint.config, entries)
        texts = [folder / name for name in (VOCABULARY, MERGES) if name in choice.beside]
        if settings:
            check_vocabulary(texts, checkpoint.config)
        yield Opened(checkpoint, (*files, *([folder / CONFIG] if settings else [])))


def _entries(
    path: Path, choice: Choice, stack: ExitStack
) -> tuple[dict[str, Entry], tuple[Path, ...]]:
    """The entries of one file, or of all that an index names."""
    if not choice.is_index:
        return _flat(path, stack), (path,)
    entries: dict[str, Entry] = {}
    files = [path]
    for name, keys in shards_of(path).items():
        shard = path.parent / name
        if not shard.is_file():
            raise BadCheckpoint(f"{path.name} names {name}, which is missing. Fetch it too.", name)
        held = _flat(shard, stack)
        if set(held) != set(keys):
            odd = min(set(held) ^ set(keys))
            raise BadCheckpoint(f"{path.name} and {name} disagree about {odd[:120]}.", odd)
        entries.update(held)
        files.append(shard)
    return entries, tuple(files)


def _flat(path: Path, stack: ExitStack) -> dict[str, Entry]:
    """The tensors of one file of the transformers style."""
    if _kind(path) == "safetensors":
        return stack.enter_context(_open_safetensors(path))
    content: Mapping[str, Any] = stack.enter_context(open_pickle(path))
    content = content.get("state_dict", content)
    if not isinstance(content, dict) or not content:
        raise BadCheckpoint(f"{path.name} holds no weights.", "state_dict")
    for key, entry in content.items():
        if not isinstance(key, str) or not isinstance(entry, Entry):
            raise BadCheckpoint(
                f"In {path.name} the entry {str(key)[:80]!r} is no tensor.", str(key)
            )
    return dict(content)


@contextmanager
def _open_safetensors(path: Path) -> Iterator[dict[str, Entry]]:
    def damaged(error: Exception) -> BadCheckpoint:
        return BadCheckpoint(
            f"{path.name} cannot be read as a checkpoint ({type(error).__name__}). It is damaged, "
            "cut short, or another kind of file; fetch it again."
        )

    try:
        file: Any = safe_open(path, framework="pt")
    except (SafetensorError, OSError) as error:
        raise damaged(error) from error

    def entry(key: str) -> Entry:
        part = file.get_slice(key)
        kind = _DTYPES.get(part.get_dtype())
        if kind is None:
            raise BadCheckpoint(f"In {path.name} the entry {key} is of an unknown kind.", key)

        def read() -> Tensor:
            try:
                return torch.as_tensor(file.get_tensor(key))
            except (SafetensorError, OSError) as error:
                raise damaged(error) from error

        return Entry(tuple(part.get_shape()), kind, read)

    with file:
        yield {key: entry(key) for key in file.keys()}


def _kind(path: Path) -> str:
    """safetensors or pickle, by the file's first bytes. Raises BadCheckpoint for what is neither
    and often met instead."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise ImportProblem(f"{path} is neither a file nor a folder.")
        with path.open("rb") as file:
            head = file.read(256)
    except OSError as error:
        raise ImportProblem(f"{path} cannot be read ({error.strerror}).") from error
    if not head:
        raise BadCheckpoint(f"{path.name} is empty. Fetch it again.")
    if head.startswith(b"version https://git-lfs"):
        raise BadCheckpoint(
            f"{path.name} is a Git LFS pointer, not the weights themselves. Fetch them with "
            "git lfs pull, or import the repository by its name."
        )
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise BadCheckpoint(
            f"{path.name} is a web page, not a checkpoint: the download was refused or needs a "
            "login. Fetch it again."
        )
    length = int.from_bytes(head[:8], "little")
    return "safetensors" if head[8:9] == b"{" and length <= size - 8 else "pickle"


def _check_settings(
    settings: Mapping[str, Any], config: OFAConfig, entries: Mapping[str, Entry]
) -> None:
    """Raise BadCheckpoint where config.json says something else than the weights."""
    told = {name: getattr(config, ours) for name, ours in _SHAPES.items()}
    told["normformer"] = config.scale_attn and config.scale_fc and config.scale_heads
    for name, ours in told.items():
        if name in settings and (settings[name] != ours or type(settings[name]) is not type(ours)):
            raise BadCheckpoint(
                f"{CONFIG} says {name} = {str(settings[name])[:40]}, but the weights have {ours}.",
                name,
            )
    rows = entries["encoder.embed_tokens.weight"].shape[0]
    if settings.get("vocab_size", rows) not in (rows, config.vocab_size):
        raise BadCheckpoint(
            f"{CONFIG} says vocab_size = {str(settings['vocab_size'])[:40]}, but the weights have "
            f"{rows} symbols.",
            "vocab_size",
        )


def _compare(one: Checkpoint, other: Checkpoint, choice: Choice) -> None:
    """Raise BadCheckpoint when two files of one model differ by more than their precision."""
    for name, entry in one.entries.items():
        twin = other.entries.get(name)
        if twin is None or not _agree(entry, twin):
            raise BadCheckpoint(
                f"{choice.weights} and {choice.twin} disagree about {name}. Say which to take with "
                "--file NAME.",
                name,
            )


def _agree(entry: Entry, twin: Entry) -> bool:
    narrow = min(entry.dtype, twin.dtype, key=lambda kind: (kind.itemsize, str(kind)))
    return entry.shape == twin.shape and torch.equal(
        entry.read().to(narrow), twin.read().to(narrow)
    )
