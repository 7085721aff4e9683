"""Text becomes the reference's ids and comes back (goldens/tokenizer.json)."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.tokenizer import Tokenizer, byte_pairs, split_words

GOLDENS: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "data" / "goldens" / "tokenizer.json").read_text("utf-8")
)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(OFAConfig())


@pytest.mark.parametrize("golden", GOLDENS["encode_text"], ids=lambda one: repr(one["text"])[:40])
def test_texts_equal_the_reference(tokenizer: Tokenizer, golden: dict[str, Any]) -> None:
    pairs = [pair for word in split_words(golden["text"]) for pair in byte_pairs(word)]
    ids = tokenizer.encode(golden["text"])

    assert pairs == golden["gpt2_ids"]
    assert ids == golden["model_ids"]
    assert tokenizer.decode(ids) == golden["decoded"]


def test_symbols_equal_the_reference(tokenizer: Tokenizer) -> None:
    for golden in GOLDENS["encode_symbols"]:
        assert tokenizer.encode_symbols(golden["symbols"]) == golden["model_ids"], golden


def test_landmarks_have_the_published_ids(tokenizer: Tokenizer) -> None:
    assert tokenizer.vocab_size == GOLDENS["dictionary_size"]
    for symbol, number in GOLDENS["special"].items():
        assert tokenizer.encode_symbols(symbol) == [number]


def test_mixed_ids_read_as_in_the_reference(tokenizer: Tokenizer) -> None:
    for golden in GOLDENS["decode_mixed"]:
        assert tokenizer.decode(golden["model_ids"]) == golden["decoded"]


def test_texts_are_cut_as_in_the_reference(tokenizer: Tokenizer) -> None:
    for golden in GOLDENS["truncation"]:
        ids = tokenizer.encode(golden["text"], golden["length"])
        begin, end = [0] * golden["append_bos"], [2] * golden["append_eos"]
        assert [*begin, *ids, *end] == golden["model_ids"]


def test_a_cut_dictionary_keeps_the_ids_that_it_has(
    tokenizer: Tokenizer, tiny_config: OFAConfig
) -> None:
    cut = Tokenizer(tiny_config)
    text = " is there a pleural effusion or pneumothorax?"

    whole = tokenizer.encode(text)

    assert cut.encode(text) == [number if number < 4 + 6500 else 3 for number in whole]
    assert 3 in cut.encode(text)
    assert cut.encode_symbols("<mask> <code_0> <code_64> <bin_0> <bin_31>") == [
        6504,
        6505,
        3,
        6569,
        6600,
    ]


def test_a_long_word_takes_no_long_time() -> None:
    word = "".join(chr(97 + (number * number) % 26) for number in range(100_000))

    start = time.process_time()
    ids = byte_pairs(word)

    assert time.process_time() - start < 5
    assert len(ids) < len(word)


def test_repeated_letters_merge_from_the_left(tokenizer: Tokenizer) -> None:
    for length in range(1, 40):
        text = " " + "a" * length
        assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize("text", ["\ud800", "\x00\x1c\x1d ", "é" * 3, "\u200b\u2028x", "''s 'S"])
def test_odd_texts_survive(tokenizer: Tokenizer, text: str) -> None:
    ids = tokenizer.encode(text)

    assert "".join(split_words(text)) == text
    assert all(0 <= number < 59457 for number in ids)
    if text.isprintable() or "\ud800" not in text:
        assert tokenizer.decode(ids) == text
