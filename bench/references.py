"""BART-base of BiomedGPT's widths in Hugging Face transformers and in CTranslate2.

The same number of weights and the same decoding as ours, without a picture, with random weights:
speed does not depend on what they say. Both packages come with `pip install "wetread[bench]"`.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch

from bench.apart import Missing
from model_backend.biomedgpt.config import OFAConfig

INSTALL = 'is not installed here; install it with: pip install "wetread[bench]"'
SHORT = 4  # symbols of the text whose time is taken away from a long one's


class HuggingFace:
    """transformers' BART: SDPA attention, inference mode, its own beam search."""

    def __init__(self, config: OFAConfig, precision: str, threads: int, source: int) -> None:
        torch.set_num_threads(threads)
        self._model = bart(config).to(torch.float32 if precision == "fp32" else torch.bfloat16)
        self._ids = torch.randint(4, 50000, (1, source), generator=torch.Generator().manual_seed(0))

    def step(self, beam: int, length: int) -> float:
        """Seconds a decoding step: a long text's time less a short one's, a step."""
        states = self._encode()
        self._decode(states, beam, SHORT)  # a process that waited for its turn is cold
        spent = self._decode(states, beam, length) - self._decode(states, beam, SHORT)
        return spent / (length - SHORT)

    @torch.inference_mode()
    def _encode(self) -> torch.Tensor:
        states: torch.Tensor = self._model.model.encoder(input_ids=self._ids).last_hidden_state
        return states

    @torch.inference_mode()
    def _decode(self, states: torch.Tensor, beam: int, length: int) -> float:
        from transformers.modeling_outputs import BaseModelOutput

        begun = time.perf_counter()
        written = self._model.generate(
            encoder_outputs=BaseModelOutput(last_hidden_state=states),  # it is changed in place
            num_beams=beam,
            do_sample=False,
            min_new_tokens=length,
            max_new_tokens=length,
        )
        spent = time.perf_counter() - begun
        if tuple(written.shape) != (1, length + 1):
            raise RuntimeError(f"{tuple(written.shape)} symbols instead of (1, {length + 1})")
        return spent


class CTranslate2:
    """The same network converted for CTranslate2, a C++ engine for Transformers on processors."""

    def __init__(
        self, config: OFAConfig, precision: str, threads: int, source: int, folder: Path
    ) -> None:
        """Converts into `folder` when nobody has yet; it quantises while it loads."""
        try:
            import ctranslate2
        except ImportError as error:
            raise Missing(f"CTranslate2 {INSTALL}") from error
        if precision not in ctranslate2.get_supported_compute_types("cpu"):
            raise Missing(f"CTranslate2 has no {precision} on this processor")
        if not (folder / "model.bin").exists():
            convert(config, folder)
        self._model = ctranslate2.Translator(
            str(folder),
            device="cpu",
            compute_type=precision,
            inter_threads=1,
            intra_threads=threads,
        )
        self._source = [f"w{number}" for number in range(source)]

    def step(self, beam: int, length: int) -> float:
        """Seconds a decoding step: as above, which takes the encoder away too."""
        self.whole(beam, SHORT)  # a process that waited for its turn is cold
        spent = self.whole(beam, length) - self.whole(beam, SHORT)
        return spent / (length - SHORT)

    def whole(self, beam: int, length: int) -> float:
        """Seconds for encoder and text."""
        begun = time.perf_counter()
        (result,) = self._model.translate_batch(
            [self._source],
            beam_size=beam,
            min_decoding_length=length,
            max_decoding_length=length,
            max_input_length=0,
        )
        spent = time.perf_counter() - begun
        if len(result.hypotheses[0]) != length:
            raise RuntimeError(f"{len(result.hypotheses[0])} symbols instead of {length}")
        return spent


def ctranslate2_precisions() -> list[str]:
    """What CTranslate2 offers on this processor, fp32 first; [] when it is not installed."""
    try:
        import ctranslate2
    except ImportError:
        return []
    return sorted(ctranslate2.get_supported_compute_types("cpu"), key=lambda one: one != "float32")


def bart(config: OFAConfig) -> Any:
    """BART with the widths of `config` and random weights, from its configuration alone."""
    try:
        from transformers import BartConfig, BartForConditionalGeneration
    except ImportError as error:
        raise Missing(f"transformers {INSTALL}") from error
    torch.manual_seed(0)
    settings = BartConfig(
        vocab_size=config.vocab_size,
        max_position_embeddings=config.max_positions,
        d_model=config.d_model,
        encoder_layers=config.encoder_layers,
        decoder_layers=config.decoder_layers,
        encoder_ffn_dim=config.ffn_dim,
        decoder_ffn_dim=config.ffn_dim,
        encoder_attention_heads=config.heads,
        decoder_attention_heads=config.heads,
        forced_eos_token_id=None,
        normalize_before=False,  # CTranslate2's converter asks for it
        attn_implementation="sdpa",
    )
    return BartForConditionalGeneration(settings).eval()


def convert(config: OFAConfig, folder: Path) -> None:
    """Write `bart(config)` in CTranslate2's format; its vocabulary is w0, w1, …"""
    from ctranslate2.converters.transformers import BartLoader

    loader = BartLoader()
    spec = loader.get_model_spec(bart(config))
    words = [f"w{number}" for number in range(config.vocab_size - 4)]
    loader.set_vocabulary(spec, ["<s>", "<pad>", "</s>", "<unk>", *words])
    spec.config.bos_token, spec.config.eos_token, spec.config.unk_token = "<s>", "</s>", "<unk>"
    spec.config.decoder_start_token = "</s>"
    spec.validate()
    spec.optimize(quantization=None)
    spec.save(str(folder))
