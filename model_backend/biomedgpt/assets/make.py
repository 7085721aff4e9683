"""Make `bpe.bin.xz` from GPT-2's merges and the dictionary order: numbers only, packed.

    python model_backend/biomedgpt/assets/make.py VOCAB.bpe DICT_ORDER.json

Layout, little endian: 50,000 pairs of uint16 (the BPE ids that merge r joins), then 50,257 uint16
(the BPE ids in the order in which they enter the dictionary), compressed with xz.
"""

from __future__ import annotations

import json
import lzma
import sys
from pathlib import Path

import numpy as np


def byte_letters() -> list[str]:
    """The printable letter that stands for each BPE id below 256."""
    printable = [*range(33, 127), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + n) for n in range(len(others))]


def main(vocabulary: Path, order: Path) -> None:
    """Write the packed file beside this script."""
    ids = {letter: number for number, letter in enumerate(byte_letters())}
    pairs = []
    for rank, line in enumerate(vocabulary.read_text(encoding="utf-8").splitlines()[1:]):
        left, right = line.split(" ")
        pairs.append((ids[left], ids[right]))
        ids[left + right] = 256 + rank
    ranks = json.loads(order.read_text(encoding="utf-8"))["gpt2_ids"]
    body = np.array(pairs, dtype="<u2").tobytes() + np.array(ranks, dtype="<u2").tobytes()
    Path(__file__).with_name("bpe.bin.xz").write_bytes(lzma.compress(body, preset=9))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
