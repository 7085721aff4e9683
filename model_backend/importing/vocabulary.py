"""A published vocabulary compared with ours: another one would turn every answer into nonsense."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.tokenizer import Tokenizer
from model_backend.importing.choosing import VOCABULARY, read_json
from model_backend.request import BadCheckpoint

_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
_FEWEST = 0.99  # of our text symbols that a vocabulary must have, so that it is one
_LARGEST = 16 * 2**20


def check_vocabulary(paths: Sequence[Path], config: OFAConfig) -> None:
    """Raise BadCheckpoint when vocab.json or merges.txt is not GPT-2's in the published order."""
    symbols = _symbols(config)
    for path in paths:
        if path.name == VOCABULARY:
            _check_symbols(path, symbols)
        else:
            _check_merges(path, config)


def _check_symbols(path: Path, symbols: dict[str, int]) -> None:
    found = read_json(path)
    for symbol, number in found.items():
        if symbol in symbols and number != symbols[symbol]:
            raise BadCheckpoint(
                f"{path.name} is another vocabulary: {symbol[:40]!r} is {str(number)[:20]} there, "
                f"{symbols[symbol]} here.",
                symbol[:120],
            )
    known = sum(symbol in found for symbol in symbols)
    if known < _FEWEST * len(symbols):
        raise BadCheckpoint(
            f"{path.name} is another vocabulary: of {len(symbols)} symbols it has {known}.",
            "vocabulary",
        )


def _check_merges(path: Path, config: OFAConfig) -> None:
    try:
        with path.open("rb") as file:
            lines = file.read(_LARGEST).decode("utf-8").split("\n")
    except (OSError, ValueError) as error:
        raise BadCheckpoint(
            f"{path.name} cannot be read ({type(error).__name__}). Fetch it again."
        ) from error
    if lines[0].startswith("#version"):
        del lines[0]
    found = ["".join(line.split(" ")) for line in lines if line]
    tokenizer = Tokenizer(config)
    ids = {pair: number for number, pair in tokenizer.lines().items()}
    for rank, piece in enumerate(found):
        number = ids.get(256 + rank)
        if number is not None and piece != _letters(tokenizer.decode_bytes([number])):
            raise BadCheckpoint(
                f"{path.name} holds other merges than GPT-2's, from line {rank + 1} on.", "merges"
            )
    if len(found) != 50_000:
        raise BadCheckpoint(
            f"{path.name} holds {len(found)} merges instead of GPT-2's 50000.", "merges"
        )


def _symbols(config: OFAConfig) -> dict[str, int]:
    """Every symbol as such a file writes it, with its id: text in GPT-2's letters for bytes."""
    tokenizer = Tokenizer(config)
    text = tokenizer.lines()
    symbols = {symbol: number for number, symbol in enumerate(_SPECIAL)}
    symbols.update({_letters(tokenizer.decode_bytes([number])): number for number in text})
    others = range(tokenizer.mask, tokenizer.vocab_size)
    symbols.update({tokenizer.decode([number]): number for number in others})
    return symbols


def _letters(piece: Iterable[int]) -> str:
    return "".join(map(_LETTERS.__getitem__, piece))


def _letter_table() -> list[str]:
    """GPT-2's letter for each byte: itself where printable, else from U+0100 on (spec 6)."""
    printed = {*range(33, 127), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in printed else next(others)) for byte in range(256)]


_LETTERS = _letter_table()
