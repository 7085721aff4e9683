"""The network: encoder and decoder around one set of embeddings (specification, 4 and 5)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.decoder import Decoder, DecoderCache
from model_backend.biomedgpt.encoder import Encoder, EncoderOutput
from model_backend.biomedgpt.graphs import StepGraphs
from model_backend.biomedgpt.layers import DecoderLayer, EncoderLayer

__all__ = [
    "BiomedGPT",
    "DecoderCache",
    "DecoderLayer",
    "EncoderLayer",
    "EncoderOutput",
    "initialise",
]


class BiomedGPT(nn.Module):
    """Image, text and location symbols in, symbols out; one set of embeddings for all."""

    graphs: StepGraphs | None = None  # decoding steps as CUDA graphs, where there is a card

    def __init__(self, config: OFAConfig) -> None:
        super().__init__()
        self.config = config
        embed_tokens = nn.Embedding(config.vocab_size, config.d_model)
        self.encoder = Encoder(config, embed_tokens)
        self.decoder = Decoder(config, embed_tokens)  # tied, the output projection too

    def image_features(self, patch_images: Tensor) -> Tensor:
        """(B, 3, height, width) to (B, 1024, height / 16, width / 16)."""
        return torch.as_tensor(self.encoder.embed_images(patch_images))

    def encode(
        self,
        src_tokens: Tensor,
        patch_images: Tensor | None = None,
        patch_masks: Tensor | None = None,
        *,
        features: Tensor | None = None,
        order: Tensor | None = None,
    ) -> EncoderOutput:
        """Source (B, S), pictures (B, 3, height, width) and which rows have one (B,) bool.

        `features` in the place of pictures let many questions share a stem: (B, 1024, h, w), or one
        picture's (1, 1024, h, w) for all rows. `order` (B, kept) names the patches to keep. Raises
        BadRequest for a text or a picture that is larger than the position tables.
        """
        if features is None and patch_images is not None:
            features = self.image_features(patch_images)
        output: EncoderOutput = self.encoder(src_tokens, features, patch_masks, order)
        return output

    def decode(
        self,
        prev_output_tokens: Tensor,
        encoder: EncoderOutput,
        code_masks: Tensor | None = None,
        cache: DecoderCache | None = None,
    ) -> Tensor:
        """Symbols (N, T) to logits (N, T, V); of the new rows only when a `cache` is given.

        `code_masks` (N,) is True where the target is a sequence of image codes.
        """
        graphs = self.graphs
        if cache is not None and graphs is not None and code_masks is None:
            if graphs.fits(prev_output_tokens, encoder, cache):
                return graphs.logits(prev_output_tokens, encoder, cache)
        logits: Tensor = self.decoder(prev_output_tokens, encoder, code_masks, cache)[0]
        return logits

    def forward(
        self,
        src_tokens: Tensor,
        prev_output_tokens: Tensor,
        patch_images: Tensor | None = None,
        patch_masks: Tensor | None = None,
    ) -> Tensor:
        encoder = self.encode(src_tokens, patch_images, patch_masks)
        return self.decode(prev_output_tokens, encoder)

    def compute_buffers(self) -> None:
        """Make the computed tables anew, after a network was built without memory (device meta)."""
        self.encoder.compute_buffers()
        self.decoder.compute_buffers()
        self.decoder.compute_code_positions()


def initialise(network: BiomedGPT) -> None:
    """Weights to train from nothing (spec 5, last paragraph)."""
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
