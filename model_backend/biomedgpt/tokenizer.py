"""Text to ids and back: GPT-2's byte pairs, then the model's dictionary (spec 6)."""

from __future__ import annotations

import functools
import heapq
import lzma
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from model_backend.biomedgpt.config import OFAConfig

BOS, PAD, EOS, UNK = 0, 1, 2, 3
_BYTES = [*range(33, 127), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_BYTES += [byte for byte in range(256) if byte not in _BYTES]  # the byte of each BPE id below 256
_CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")
_SPACES = frozenset("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | frozenset(
    chr(code) for code in range(0x2000, 0x200B)
)


@functools.cache
def _tables() -> tuple[dict[int, int], list[bytes], list[int]]:
    """Ranks of the merges, bytes of each BPE id, BPE ids in dictionary order.

    A merge is left * 65536 + right: 50,000 pairs of numbers would take 10 MB.
    """
    packed = Path(__file__).with_name("assets") / "bpe.bin.xz"
    numbers = np.frombuffer(lzma.decompress(packed.read_bytes()), dtype="<u2")
    both = numbers[:100_000].astype(np.int64)
    pairs: list[int] = (both[::2] << 16 | both[1::2]).tolist()
    pieces = [bytes([byte]) for byte in _BYTES]
    for pair in pairs:
        pieces.append(pieces[pair >> 16] + pieces[pair & 0xFFFF])
    pieces.append(b"<|endoftext|>")
    return {pair: rank for rank, pair in enumerate(pairs)}, pieces, numbers[100_000:].tolist()


def split_words(text: str) -> Iterator[str]:
    """GPT-2's pre-split: contractions, words, numbers, other runs, each with one leading space."""
    place = 0
    while place < len(text):
        end = _word_end(text, place)
        yield text[place:end]
        place = end


def _word_end(text: str, start: int) -> int:
    for contraction in _CONTRACTIONS:
        if text.startswith(contraction, start):
            return start + len(contraction)
    first = start + 1 if text[start] == " " and start + 1 < len(text) else start
    kind = _kind(text[first])
    if kind != "space":
        return _run_end(text, first, kind)
    end = _run_end(text, start, "space")
    # A run of white space leaves its last character to a word that follows.
    return end if end == len(text) or end == start + 1 else end - 1


def _run_end(text: str, start: int, kind: str) -> int:
    end = start
    while end < len(text) and _kind(text[end]) == kind:
        end += 1
    return end


@functools.lru_cache(maxsize=4096)
def _kind(letter: str) -> str:
    if letter in _SPACES:
        return "space"
    category = unicodedata.category(letter)[0]
    return {"L": "letter", "N": "number"}.get(category, "other")


@functools.lru_cache(maxsize=65536)
def byte_pairs(word: str) -> tuple[int, ...]:
    """BPE ids of one word: the merge of lowest rank first, from the left, until none is left.

    A heap of mergeable neighbours keeps a word of n bytes at n log n: a made-up symbol takes part
    only in merges of higher rank, so that the order is the one of repeated sweeps.
    """
    ranks, _, _ = _tables()
    number = _byte_ids()
    ids: list[int] = [number[byte] for byte in word.encode("utf-8", "surrogatepass")]
    after = [*range(1, len(ids)), -1]  # the next symbol's place, -1 at the end
    before = list(range(-1, len(ids) - 1))
    waiting: list[tuple[int, int, int, int]] = []  # rank, place, both symbols

    def consider(left: int) -> None:
        right = after[left] if left >= 0 else -1
        if right >= 0 and (rank := ranks.get(ids[left] << 16 | ids[right])) is not None:
            heapq.heappush(waiting, (rank, left, ids[left], ids[right]))

    for place in range(len(ids) - 1):
        consider(place)
    while waiting:
        rank, left, first, second = heapq.heappop(waiting)
        right = after[left]
        if ids[left] != first or right < 0 or ids[right] != second:
            continue  # one of them was merged in the meantime
        ids[left], ids[right] = 256 + rank, -1
        after[left] = after[right]
        if after[left] >= 0:
            before[after[left]] = left
        consider(before[left])
        consider(left)
    return tuple(symbol for symbol in ids if symbol >= 0)


@functools.cache
def _byte_ids() -> dict[int, int]:
    return {byte: number for number, byte in enumerate(_BYTES)}


class Tokenizer:
    """The dictionary of one configuration: 4 specials, text, mask, codes, bins.

    A dictionary cut short (`config.dict_lines`) knows the commonest symbols; the rest are <unk>.
    """

    def __init__(self, config: OFAConfig) -> None:
        self.config = config
        _, self._pieces, order = _tables()
        lines = list(config.dictionary) or order[: config.dict_lines]
        self._id_of_pair = {pair: 4 + place for place, pair in enumerate(lines)}
        self._pair_of_id = {number: pair for pair, number in self._id_of_pair.items()}
        self.mask = 4 + config.dict_lines
        self.first_code = self.mask + 1
        self.first_bin = self.first_code + config.code_dict_size
        self.vocab_size = self.first_bin + config.num_bins
        self._symbols = {BOS: "<s>", PAD: "<pad>", EOS: "</s>", UNK: "<unk>", self.mask: "<mask>"}
        for code in range(config.code_dict_size):
            self._symbols[self.first_code + code] = f"<code_{code}>"
        for place in range(config.num_bins):
            self._symbols[self.first_bin + place] = f"<bin_{place}>"
        for filler in range(config.dict_lines - len(lines)):
            self._symbols[4 + len(lines) + filler] = f"madeupword{filler:04d}"
        self._id_of_symbol = {symbol: number for number, symbol in self._symbols.items()}

    def encode(self, text: str, length: int | None = None) -> list[int]:
        """Ids of a text, without bos and eos, cut to the first `length`. `<bin_1>` is just text.

        What lies behind the cut costs nothing.
        """
        ids = (
            self._id_of_pair.get(pair, UNK)
            for word in split_words(text)
            for pair in byte_pairs(word)
        )
        return list(islice(ids, length))

    def encode_symbols(self, text: str) -> list[int]:
        """Ids of symbols parted by white space, such as `<bin_5> <bin_17>`; unknown ones are 3."""
        return [self._symbol_id(symbol) for symbol in text.split()]

    def _symbol_id(self, symbol: str) -> int:
        if symbol.isascii() and symbol.isdecimal() and str(int(symbol)) == symbol:
            return self._id_of_pair.get(int(symbol), UNK)
        return self._id_of_symbol.get(symbol, UNK)

    def lines(self) -> dict[int, int]:
        """The BPE id of each text line, by model id, in the order of the dictionary."""
        return dict(self._pair_of_id)

    def decode(self, ids: Iterable[int]) -> str:
        """Text of ids: bos and eos are dropped, symbols stand literally, bad UTF-8 is replaced."""
        return self.decode_bytes(ids).decode("utf-8", errors="replace")

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes behind ids, for a stream that must not cut a letter in two."""
        return b"".join(self._piece(number) for number in ids if number not in (BOS, EOS))

    def _piece(self, number: int) -> bytes:
        pair = self._pair_of_id.get(number)
        if pair is not None:
            return self._pieces[pair]
        return self._symbols[number].encode("ascii")
