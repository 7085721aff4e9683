"""Products with weights that lie in memory as this machine reads them fastest, and their kin."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor, nn
from torch.nn import functional as F

TINY = 1e-8  # below it a row of numbers is all zeros
ROWS = 4096  # rounded at once, so that no second copy of a large matrix is needed


def has_packed() -> bool:
    """Whether this PyTorch has oneDNN's packed products."""
    mkldnn = torch.ops.mkldnn
    return bool(torch.backends.mkldnn.enabled) and hasattr(mkldnn, "_reorder_linear_weight")


def has_bfloat16() -> bool:
    """Whether oneDNN multiplies bfloat16 on this processor without a detour."""
    return has_packed() and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def has_fbgemm() -> bool:
    """Whether this PyTorch has FBGEMM's products, which processors of the x86 family have."""
    return "fbgemm" in torch.backends.quantized.supported_engines


class Plain(nn.Module):
    """A product in the precision of its weights, laid out as they come."""

    def __init__(self, weight: Tensor, bias: Tensor | None, out: torch.dtype) -> None:
        super().__init__()
        self.out = out
        self.register_buffer("weight", weight, persistent=False)
        self.register_buffer("bias", bias, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        weight: Tensor = self.get_buffer("weight")
        bias = None if self.bias is None else self.get_buffer("bias")
        return F.linear(x.to(weight.dtype), weight, bias).to(self.out)


class Packed(nn.Module):
    """A product in the precision of its weights, which lie as oneDNN reads them.

    Packed weights can neither be moved nor saved nor copied, so they are no buffers.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, rows: int, out: torch.dtype) -> None:
        super().__init__()
        self.dtype, self.out = weight.dtype, out
        self.weight = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)
        self.bias = bias

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        y: Tensor = torch.ops.mkldnn._linear_pointwise(
            x.to(self.dtype), self.weight, self.bias, "none", [], ""
        )
        return y.to(self.out)


class Half(nn.Module):
    """Weights rounded to float16, states and sums in float32 (FBGEMM).

    It reads as few bytes as bfloat16 and keeps three bits more, and the states are not rounded.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.weight = torch.ops.quantized.linear_prepack_fp16(weight.float(), bias)

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        return torch.as_tensor(torch.ops.quantized.linear_dynamic_fp16(x, self.weight))


class Int8(nn.Module):
    """int8 weights with a scale for each output, states rounded to int8 with one for each row.

    A scale of its own makes a row's result independent of the rows beside it, so that an answer
    does not depend on what else is asked.
    """

    def __init__(
        self, weight: Tensor, bias: Tensor | None, out: torch.dtype = torch.float32
    ) -> None:
        super().__init__()
        self.out = out
        rounded = torch.empty(weight.shape, dtype=torch.int8)
        scales = []
        for part, place in zip(torch.split(weight, ROWS), torch.split(rounded, ROWS), strict=True):
            exact = part.float()
            scales.append(exact.abs().amax(1).clamp_min(TINY) / 127)
            place.copy_((exact / scales[-1][:, None]).round_())
        scale = torch.cat(scales)
        zeros = torch.zeros(len(weight), dtype=torch.long)
        with warnings.catch_warnings():
            # FBGEMM takes weights only in this form, which PyTorch means to give up one day.
            warnings.filterwarnings("ignore", message=".*quantized tensor creation functions")
            stored = torch._make_per_channel_quantized_tensor(rounded, scale.double(), zeros, 0)
        self.weight = torch.ops.quantized.linear_prepack(stored, None)
        self.bias = bias
        # Without VNNI the sums of two products would overflow 16 bits: one bit less there.
        self.largest = 127 if torch.cpu._is_vnni_supported() else 63

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        scale = x.abs().amax(-1, keepdim=True).float().clamp_min(TINY)
        y: Tensor = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(
            x.float() / scale, 1 / self.largest, self.largest + 1, self.weight
        )
        y.mul_(scale)  # in place: of many rows a copy would be large
        return (y if self.bias is None else y.add_(self.bias)).to(self.out)


class Rows(nn.Embedding):
    """Embeddings as the file holds them, looked up and then turned into float32."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__(len(weight), weight.shape[1], _weight=weight, _freeze=True)

    def forward(self, symbols: Tensor) -> Tensor:
        return super().forward(symbols).float()


class Convolution(nn.Module):
    """A convolution with its batch norm folded in, and a ReLU after it where `relu` says so.

    In the precision of its weights, and with channels last.
    """

    def __init__(self, weight: Tensor, bias: Tensor, like: nn.Conv2d, *, relu: bool) -> None:
        super().__init__()
        self.stride, self.padding = like.stride, like.padding
        self.relu = relu
        weight = weight.contiguous(memory_format=torch.channels_last)
        self.register_buffer("weight", weight, persistent=False)
        self.register_buffer("bias", bias, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, height, width) to (B, out, height / stride, width / stride)."""
        weight, bias = self.get_buffer("weight"), self.get_buffer("bias")
        x = x.to(weight.dtype, memory_format=torch.channels_last)
        y = F.conv2d(x, weight, bias, self.stride, self.padding)
        return y.relu_() if self.relu else y

    def onto(self, x: Tensor, shortcut: Tensor) -> Tensor:
        """The ReLU of the convolution and a shortcut, which it may overwrite."""
        return torch.relu_(self.forward(x) + shortcut)


class PackedConvolution(nn.Module):
    """As `Convolution`, with weights that lie as oneDNN reads them.

    The layout is chosen for one picture (1, in, side, side); others give the same values, more
    slowly. The ReLU and the shortcut's sum are computed while the result is in the cache.
    """

    def __init__(
        self, weight: Tensor, bias: Tensor, like: nn.Conv2d, *, relu: bool, side: int
    ) -> None:
        super().__init__()
        self.dtype, self.bias = weight.dtype, bias
        self.how = (like.padding, like.stride, like.dilation, like.groups)
        self.last = "relu" if relu else "none"
        picture = [1, weight.shape[1], side, side]
        reorder = torch.ops.mkldnn._reorder_convolution_weight
        self.weight = reorder(weight.contiguous(), *self.how, picture)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, height, width) to (B, out, height / stride, width / stride)."""
        x = x.to(self.dtype, memory_format=torch.channels_last)
        return torch.as_tensor(
            torch.ops.mkldnn._convolution_pointwise(
                x, self.weight, self.bias, *self.how, self.last, [], ""
            )
        )

    def onto(self, x: Tensor, shortcut: Tensor) -> Tensor:
        """The ReLU of the convolution and a shortcut, which it overwrites."""
        return torch.as_tensor(
            torch.ops.mkldnn._convolution_pointwise_.binary(
                shortcut, x, self.weight, self.bias, *self.how, "add", 1.0, "relu", [], ""
            )
        )
