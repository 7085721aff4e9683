"""Spans of whole words are hidden, as many as the ratio says, each behind one mask."""

from __future__ import annotations

import numpy as np
import pytest

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.tokenizer import BOS, EOS, Tokenizer
from model_backend.tuning.masking import Masker, span_lengths

TEXT = (
    " the cardiomediastinal silhouette is within normal limits and there is no pleural effusion "
    "or pneumothorax seen on this frontal radiograph of the chest"
)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(OFAConfig())


def test_as_many_words_are_lost_as_the_ratio_says(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode(TEXT)
    masker = Masker(tokenizer)
    words = len(TEXT.split())
    lost = []
    for seed in range(200):
        hidden = masker.masked(ids, 0.3, np.random.default_rng(seed))
        left = [symbol for symbol in hidden if symbol != tokenizer.mask]
        lost.append(words - len(tokenizer.decode(left).split()))

    assert max(lost) <= np.ceil(0.3 * words)
    assert 0.2 * words < np.mean(lost) <= np.ceil(0.3 * words)  # spans may overlap or meet the end


def test_what_is_left_are_whole_words_in_their_order(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode(TEXT)

    hidden = Masker(tokenizer).masked(ids, 0.3, np.random.default_rng(3))

    left = tokenizer.decode(symbol for symbol in hidden if symbol != tokenizer.mask).split()
    whole = iter(TEXT.split())
    assert all(word in whole for word in left)
    assert tokenizer.mask in hidden and hidden != ids


def test_a_text_of_no_words_stays(tokenizer: Tokenizer) -> None:
    assert Masker(tokenizer).masked([], 0.3, np.random.default_rng(1)) == []


def test_bos_and_eos_begin_no_word_and_other_symbols_do(tokenizer: Tokenizer) -> None:
    masker = Masker(tokenizer)

    assert not masker.begins_word(BOS) and not masker.begins_word(EOS)
    assert masker.begins_word(tokenizer.mask) and masker.begins_word(tokenizer.first_bin)
    assert masker.begins_word(tokenizer.encode(" the")[0])
    assert not masker.begins_word(tokenizer.encode("the")[0])


def test_span_lengths_are_poisson_s() -> None:
    table = span_lengths()

    assert table.sum() == pytest.approx(1)
    assert float((np.arange(len(table)) * table).sum()) == pytest.approx(3, abs=1e-4)
    assert table.min() >= 1e-7 * 0.99
