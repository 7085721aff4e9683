"""Weights in the precision that is asked for, laid out as this machine multiplies them fastest.

A network as it is trained has float32 weights in row order. Decoding multiplies a handful of rows
with every weight once a symbol, so it runs at the speed at which memory gives the weights: fewer
bytes and a layout that is read in order are everything there ("narrow" products). The encoder and
the stem multiply hundreds of rows and run at the speed of arithmetic ("wide" products).

| precision | wide products | convolutions | narrow products | the rest |
| --- | --- | --- | --- | --- |
| fp32 | float32 | float32 | float32 | float32 |
| bf16 | bfloat16 | bfloat16 | float16 weights, float32 states | float32 |
| int8 | as the narrow ones | bfloat16 | int8 weights, states rounded row by row | float32 |

"The rest" is the residual stream, norms, softmax, biases of positions, embeddings looked up
and the search. A float16 weight is what published checkpoints hold, so that nothing of it is lost.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from model_backend.biomedgpt.decoder import Decoder
from model_backend.biomedgpt.encoder import Encoder
from model_backend.biomedgpt.image_tower import Bottleneck, ImageTower
from model_backend.biomedgpt.layers import Attention, DecoderLayer, EncoderLayer
from model_backend.biomedgpt.network import BiomedGPT
from model_backend.biomedgpt.products import (
    Convolution,
    Half,
    Int8,
    Packed,
    PackedConvolution,
    Plain,
    Rows,
    has_bfloat16,
    has_fbgemm,
    has_packed,
)
from model_backend.request import BadRequest

PRECISIONS = ("fp32", "bf16", "int8")
SMALL = 64 * 2**20  # bytes of weights up to which float32 is fast enough everywhere
NARROW, WIDE = 5, 590  # rows that the two layouts are chosen for
Take = Callable[[str], Tensor]  # an entry of the state by its name


def best_precision(weight_bytes: int, device: str) -> str:
    """The precision that "auto" stands for.

    Small models stay in float32, so that they answer alike on every machine. Larger ones take 16
    bits where the processor or the graphics card multiplies them faster.
    """
    if weight_bytes <= SMALL:
        return "fp32"
    if device.startswith("cuda"):
        return "bf16"
    return "bf16" if device == "cpu" and has_bfloat16() else "fp32"


def prepare(
    network: BiomedGPT, precision: str, take: Take | None = None, device: str = "cpu"
) -> BiomedGPT:
    """Put the products of a network in this precision, in place, and give it back.

    The entries come from `take` one at a time, or from the network itself. What comes out answers;
    it can neither be trained nor saved. Raises BadRequest for a precision that there is not.
    """
    if precision not in PRECISIONS:
        raise BadRequest(f"A network runs in {', '.join(PRECISIONS)}, not in {precision[:20]!r}.")
    state = network.state_dict() if take is None else {}
    packer = _Packer(precision, device, take or state.__getitem__)
    packer.embeddings(network)
    packer.tower(network.encoder.embed_images, network.config.patch_image_size)
    packer.encoder(network.encoder)
    packer.decoder(network.decoder)
    packer.rest(network)
    return network.requires_grad_(False).eval()


class _Packer:
    """Builds the modules that take the places of those with weights."""

    def __init__(self, precision: str, device: str, take: Take) -> None:
        self.precision, self.device, self.take = precision, device, take
        self.on_cpu = device == "cpu"
        lower = precision != "fp32" and (has_bfloat16() or not self.on_cpu)
        self.lower = torch.bfloat16 if lower else torch.float32

    def entry(self, name: str) -> Tensor:
        """An entry in float32 on its device."""
        return self.take(name).to(self.device, torch.float32)

    # --- one product ---

    def joined(self, *names: str) -> tuple[Tensor, Tensor]:
        """Weights and biases of linear layers that see the same input, one after the other."""
        weights = [self.entry(f"{name}.weight") for name in names]
        biases = [self.entry(f"{name}.bias") for name in names]
        return torch.cat(weights), torch.cat(biases)

    def exact(self, *names: str) -> nn.Module:
        """In float32 whatever the precision: little work, and much depends on it."""
        return self.product(*self.joined(*names), torch.float32, WIDE)

    def wide(self, *names: str, out: torch.dtype | None = None) -> nn.Module:
        """For the encoder's hundreds of rows."""
        return self.wide_of(*self.joined(*names), out)

    def wide_of(self, weight: Tensor, bias: Tensor, out: torch.dtype | None = None) -> nn.Module:
        if self.on_cpu and has_fbgemm() and self.precision == "int8":
            return Int8(weight, bias, out or torch.float32)
        return self.product(weight, bias, self.lower, WIDE, out)

    def narrow(self, weight: Tensor, bias: Tensor | None) -> nn.Module:
        """For the decoder's few rows; float32 in and out."""
        if self.on_cpu and has_fbgemm() and self.precision != "fp32":
            return Int8(weight, bias) if self.precision == "int8" else Half(weight, bias)
        return self.product(weight, bias, self.lower, NARROW, torch.float32)

    def product(
        self,
        weight: Tensor,
        bias: Tensor | None,
        dtype: torch.dtype,
        rows: int,
        out: torch.dtype | None = None,
    ) -> nn.Module:
        weight, bias = weight.to(dtype), None if bias is None else bias.to(dtype)
        if self.on_cpu and has_packed():
            return Packed(weight, bias, rows, out or dtype)
        return Plain(weight, bias, out or dtype)

    # --- the network ---

    def embeddings(self, network: BiomedGPT) -> None:
        """Looked up as the file holds them; packed once more for the output.

        They come first, because nothing else takes as much memory while it is packed.
        """
        name = "encoder.embed_tokens.weight"
        if self.on_cpu:
            network.decoder.output = self.narrow(self.take(name), None)
            table = self.take(name)  # mapped anew: what nobody looks up is not read again
        else:
            table = self.entry(name).to(self.lower)
            network.decoder.output = Plain(table, None, torch.float32)
        rows = Rows(table)
        network.encoder.embed_tokens = network.decoder.embed_tokens = rows

    def encoder(self, encoder: Encoder) -> None:
        encoder.image_proj = self.wide("encoder.image_proj", out=torch.float32)
        for part in ("pos_q_linear", "pos_k_linear"):
            setattr(encoder, part, self.exact(f"encoder.{part}"))
        for number, layer in enumerate(encoder.layers):
            assert isinstance(layer, EncoderLayer)
            name = f"encoder.layers.{number}"
            attention = f"{name}.self_attn"
            parts = (f"{attention}.{x}_proj" for x in "qkv")
            layer.self_attn.joint = self.wide(*parts, out=self.lower)
            layer.self_attn.out_proj = self.wide_of(*self.heads_folded(layer.self_attn, attention))
            del layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj
            layer.fc1 = self.wide(f"{name}.fc1", out=self.lower)
            layer.fc2 = self.wide(f"{name}.fc2")

    def decoder(self, decoder: Decoder) -> None:
        for part in ("self_pos_q", "self_pos_k", "cross_pos_q", "cross_pos_k"):
            setattr(decoder, f"{part}_linear", self.exact(f"decoder.{part}_linear"))
        for number, layer in enumerate(decoder.layers):
            assert isinstance(layer, DecoderLayer)
            name = f"decoder.layers.{number}"
            own, across = layer.self_attn, layer.encoder_attn
            own.joint = self.narrow(*self.joined(*(f"{name}.self_attn.{x}_proj" for x in "qkv")))
            own.out_proj = self.narrow(*self.heads_folded(own, f"{name}.self_attn"))
            del own.q_proj, own.k_proj, own.v_proj
            memory = [f"{name}.encoder_attn.{x}_proj" for x in "kv"]
            across.joint = self.wide(*memory, out=torch.float32)
            across.q_proj = self.narrow(*self.joined(f"{name}.encoder_attn.q_proj"))
            across.out_proj = self.narrow(*self.heads_folded(across, f"{name}.encoder_attn"))
            del across.k_proj, across.v_proj
            layer.fc1 = self.narrow(*self.joined(f"{name}.fc1"))
            layer.fc2 = self.narrow(*self.joined(f"{name}.fc2"))

    def heads_folded(self, attention: Attention, name: str) -> tuple[Tensor, Tensor]:
        """The output projection, each head's factor in its columns."""
        weight, bias = self.joined(f"{name}.out_proj")
        if attention.c_attn is not None:
            factors = self.entry(f"{name}.c_attn")
            weight = weight * factors.repeat_interleave(weight.shape[1] // attention.heads)
            attention.c_attn = None
        return weight, bias

    def tower(self, tower: ImageTower, side: int) -> None:
        """For pictures of `side` pixels, which the layout is chosen for."""
        name = "encoder.embed_images"
        self.convolution(tower, name, ("conv1", "bn1"), side)
        side = halved(halved(side))
        for inner, block in tower.named_modules(prefix=name):
            if not isinstance(block, Bottleneck):
                continue
            if block.downsample is not None:
                self.convolution(
                    block.downsample, f"{inner}.downsample", ("0", "1"), side, relu=False
                )
            self.convolution(block, inner, ("conv1", "bn1"), side)
            self.convolution(block, inner, ("conv2", "bn2"), side)
            if block.is_halving:
                side = halved(side)
            self.convolution(block, inner, ("conv3", "bn3"), side, relu=False)

    def convolution(
        self,
        where: nn.Module,
        prefix: str,
        parts: tuple[str, str],
        side: int,
        *,
        relu: bool = True,
    ) -> None:
        """Fold a batch norm into the convolution before it; `parts` are their names."""
        conv, bn = (where.get_submodule(part) for part in parts)
        name, norm = (f"{prefix}.{part}" for part in parts)
        assert isinstance(conv, nn.Conv2d) and isinstance(bn, nn.BatchNorm2d)
        gain = self.entry(f"{norm}.weight") / (self.entry(f"{norm}.running_var") + bn.eps).sqrt()
        bias = self.entry(f"{norm}.bias") - self.entry(f"{norm}.running_mean") * gain
        weight = self.entry(f"{name}.weight") * gain[:, None, None, None]
        weight, bias = weight.to(self.lower), bias.to(self.lower)
        if self.on_cpu and has_packed():
            ready: nn.Module = PackedConvolution(weight, bias, conv, relu=relu, side=side)
        else:
            ready = Convolution(weight, bias, conv, relu=relu)
        setattr(where, parts[0], ready)
        setattr(where, parts[1], nn.Identity())

    def rest(self, network: BiomedGPT) -> None:
        """Norms and tables, in float32; vectors of positions as the file holds them."""
        for name, _ in list(network.named_parameters()):
            where, _, leaf = name.rpartition(".")
            module = network.get_submodule(where)
            if self.on_cpu and isinstance(module, nn.Embedding) and where.endswith("_positions"):
                network.set_submodule(where, Rows(self.take(name).clone()))
            elif not isinstance(module, Rows):
                setattr(module, leaf, nn.Parameter(self.entry(name).clone(), requires_grad=False))
        network.compute_buffers()
        network.to(self.device)


def halved(side: int) -> int:
    """Of a picture after a convolution or a pooling with stride 2, as both are padded here."""
    return (side + 1) // 2
