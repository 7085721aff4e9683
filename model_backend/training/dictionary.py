"""The dictionary of a small network: the symbols its texts need, then the commonest others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.tokenizer import Tokenizer
from model_backend.training.recipe import NetworkSize

FILLERS = 3  # lines of the published dictionary that stand for nothing
CODES, BINS = 64, 32  # kept small: this network learns no image codes and no boxes
POSITIONS = 1024


def choose_dictionary(texts: Iterable[str], common_lines: int) -> tuple[int, ...]:
    """BPE ids: those of the texts by frequency, then the first lines of the published order."""
    published = OFAConfig()
    tokenizer = Tokenizer(published)
    order = published.dict_lines - FILLERS
    counts: Counter[int] = Counter()
    for text in texts:
        # A word has another symbol at the start of a text than behind a space, where questions and
        # answers always stand.
        counts.update(tokenizer.encode(" " + text.strip()))
    needed = sorted(counts, key=lambda line: (-counts[line], line))
    kept = dict.fromkeys([*needed, *range(4, 4 + min(common_lines, order))])
    symbols = tokenizer.lines()
    return tuple(symbols[line] for line in kept if line in symbols)


def network_config(
    size: NetworkSize, dictionary: tuple[int, ...], dropout: float, drop_path: float
) -> OFAConfig:
    """The network of a recipe, its patch grid fitted to its picture size."""
    config = OFAConfig(
        d_model=size.d_model,
        ffn_dim=size.ffn_dim,
        heads=size.heads,
        encoder_layers=size.encoder_layers,
        decoder_layers=size.decoder_layers,
        resnet_layers=size.resnet_layers,
        vocab_size=4 + len(dictionary) + 1 + CODES + BINS,
        dict_lines=len(dictionary),
        code_dict_size=CODES,
        num_bins=BINS,
        token_bucket_size=size.token_bucket_size,
        image_bucket_size=size.image_size // 16,
        code_image_size=size.image_size // 2,  # as many codes as patches: none are learnt
        patch_image_size=size.image_size,
        orig_patch_image_size=size.image_size,
        max_positions=POSITIONS,
        dropout=dropout,
        drop_path=drop_path,
        dictionary=dictionary,
    )
    config.check()
    return config
