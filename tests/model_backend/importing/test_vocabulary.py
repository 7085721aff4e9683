"""Another vocabulary is refused: every answer would be nonsense."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from model_backend.biomedgpt.config import OFAConfig
from model_backend.importing.run import Imported
from model_backend.importing.vocabulary import check_vocabulary
from model_backend.request import BadCheckpoint

Theirs = Callable[..., Path]


@pytest.fixture(scope="session")
def published(shared: Path) -> tuple[dict[str, int], str]:
    """vocab.json and merges.txt as the published tokenizer has them, built from its sources."""
    folder = shared / "data" / "gpt2_bpe"
    merges = (folder / "vocab.bpe").read_text(encoding="utf-8")
    lines = [line for line in merges.split("\n")[1:] if line]
    first = [*range(33, 127), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = [chr(byte) for byte in first]
    letters += [chr(256 + place) for place in range(256 - len(first))]
    pieces = [*letters, *("".join(line.split(" ")) for line in lines), "<|endoftext|>"]
    order = json.loads((folder / "dict_order.json").read_text(encoding="utf-8"))
    symbols = ["<s>", "<pad>", "</s>", "<unk>", *(pieces[number] for number in order["gpt2_ids"])]
    symbols += [f"madeupword000{number}" for number in range(3)] + ["<mask>"]
    symbols += [f"<code_{n}>" for n in range(8192)] + [f"<bin_{n}>" for n in range(1000)]
    return {symbol: number for number, symbol in enumerate(symbols)}, merges


def write(folder: Path, symbols: object, merges: str) -> list[Path]:
    paths = [folder / "vocab.json", folder / "merges.txt"]
    paths[0].write_text(json.dumps(symbols), encoding="utf-8")
    paths[1].write_text(merges, encoding="utf-8")
    return paths


def test_the_published_vocabulary_is_ours(
    published: tuple[dict[str, int], str], tmp_path: Path
) -> None:
    assert len(published[0]) == 59_457

    check_vocabulary(write(tmp_path, *published), OFAConfig())


def test_two_symbols_in_each_others_place_are_found(
    published: tuple[dict[str, int], str], tmp_path: Path
) -> None:
    symbols = dict(published[0])
    symbols["\u0120heart"], symbols["\u0120lung"] = symbols["\u0120lung"], symbols["\u0120heart"]

    with pytest.raises(BadCheckpoint, match=r"vocab\.json is another vocabulary"):
        check_vocabulary(write(tmp_path, symbols, published[1]), OFAConfig())


def test_another_models_vocabulary_is_found(
    published: tuple[dict[str, int], str], tmp_path: Path
) -> None:
    few = {symbol: number for symbol, number in published[0].items() if number < 30_000}
    other = {"[PAD]": 0, "[CLS]": 101, "the": 1996}
    lines = published[1].split("\n")
    swapped = "\n".join([*lines[:5], lines[6], lines[5], *lines[7:]])

    for symbols in (few, other):
        with pytest.raises(BadCheckpoint, match="another vocabulary"):
            check_vocabulary(write(tmp_path, symbols, published[1]), OFAConfig())
    for merges in (swapped, "\n".join(lines[:-100])):
        with pytest.raises(BadCheckpoint, match="merges"):
            check_vocabulary(write(tmp_path, published[0], merges), OFAConfig())


@pytest.mark.parametrize("body", ["[]", "{", '{"<s>": "zero"}', '{"<s>": 1}'])
def test_a_vocabulary_that_is_none_stops_the_import(
    theirs: Theirs, bring: Callable[..., Imported], models: Path, body: str
) -> None:
    folder = theirs("safetensors")
    (folder / "vocab.json").write_text(body)

    with pytest.raises(BadCheckpoint, match=r"vocab\.json"):
        bring(folder)

    assert list(models.iterdir()) == []


def test_merges_that_are_no_text_stop_the_import(
    theirs: Theirs, bring: Callable[..., Imported]
) -> None:
    folder = theirs("safetensors")
    (folder / "merges.txt").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(BadCheckpoint, match=r"merges\.txt"):
        bring(folder)
