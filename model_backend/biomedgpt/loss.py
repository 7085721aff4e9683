"""The training loss: smoothed cross-entropy with the reference's options (spec 10.1)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

PAD = 1
EOS = 2


@dataclass(frozen=True)
class LossOptions:
    label_smoothing: float = 0.0
    drop_worst_ratio: float = 0.0  # share of positions with the largest loss left out
    drop_worst_after: int = 0  # from the update after this one
    ignore_eos: bool = False  # eos positions do not count
    constraint_range: tuple[int, int] | None = None  # only 0..3 and these symbols are allowed
    reg_alpha: float = 0.0  # R-Drop: weight of the divergence between the halves of a batch


@dataclass(frozen=True)
class Loss:
    """Sums over the positions that count; divide by `sample_size` for the mean."""

    loss: Tensor
    nll: Tensor
    sample_size: int


def label_smoothed_loss(
    logits: Tensor,
    target: Tensor,
    options: LossOptions = LossOptions(),
    *,
    conf: Tensor | None = None,
    allowed: Tensor | None = None,
    update: int = 0,
) -> Loss:
    """Logits (B, T, V), target (B, T) padded with 1, conf (B,), allowed (B, T, V) bool.

    `conf` multiplies the log-probabilities of its sample. Where `allowed` or a range is given, the
    other symbols are -inf before the softmax and smoothing spreads over the allowed ones.
    """
    counts = target != PAD
    if options.ignore_eos:
        counts = counts & (target != EOS)
    if options.constraint_range is not None:
        low, high = options.constraint_range
        symbol = torch.arange(logits.shape[-1], device=logits.device)
        inside = (symbol < 4) | ((symbol >= low) & (symbol < high))
        allowed = inside.expand_as(logits) if allowed is None else allowed & inside
    logits = logits.float()
    if allowed is not None:
        logits = logits.masked_fill(~allowed, float("-inf"))
    lp = F.log_softmax(logits, dim=-1)
    if conf is not None:
        lp = lp * conf.float()[:, None, None]
    nll = -lp.gather(-1, target[:, :, None]).squeeze(-1)[counts]  # (N,)
    smooth, share = smoothing(lp[counts], allowed[counts] if allowed is not None else None, options)
    each = (1 - options.label_smoothing - share) * nll + share * smooth
    if options.drop_worst_ratio > 0 and update > options.drop_worst_after:
        kept = each.topk(int(len(each) * (1 - options.drop_worst_ratio)), largest=False).indices
        each, nll, lp_kept = each[kept], nll[kept], lp[counts][kept]
    else:
        lp_kept = lp[counts]
    loss = each.sum()
    if options.reg_alpha > 0:
        loss = loss + options.reg_alpha * divergence(lp_kept)
    return Loss(loss, nll.sum(), len(each))


def smoothing(lp: Tensor, allowed: Tensor | None, options: LossOptions) -> tuple[Tensor, Tensor]:
    """For each position the sum that is smoothed over and the share that each symbol gets."""
    epsilon = options.label_smoothing
    if allowed is None:
        share = torch.full(lp.shape[:1], epsilon / (lp.shape[-1] - 1), device=lp.device)
        return -lp.sum(-1), share
    count = allowed.sum(-1)
    share = epsilon / (count - 1 + 1e-6)
    return -lp.masked_fill(~allowed, 0.0).sum(-1), share


def divergence(lp: Tensor) -> Tensor:
    """Symmetric Kullback-Leibler divergence between the halves of the positions (N, V)."""
    first, second = lp.chunk(2)
    there = F.kl_div(first, second, log_target=True, reduction="sum")
    back = F.kl_div(second, first, log_target=True, reduction="sum")
    return (there + back) / 2
