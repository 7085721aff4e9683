"""The training loss: smoothed cross-entropy with the reference's options (spec 10.1)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from model_backend.biomedgpt.constraints import range_mask
from model_backend.biomedgpt.tokenizer import EOS, PAD


@dataclass(frozen=True)
class LossOptions:
    """What is asked of the loss beside plain cross-entropy."""

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
    each: Tensor  # (N,) of every place that counts, before the worst are dropped


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
    # Only the places that count go through the softmax: (N, V) instead of (B, T, V).
    kept, wanted = logits[counts].float(), target[counts]
    inside = None if allowed is None else allowed[counts]
    if options.constraint_range is not None:
        mask = range_mask(logits.shape[-1], *options.constraint_range).to(logits.device)
        inside = mask.expand_as(kept) if inside is None else inside & mask
    if inside is not None:
        kept = kept.masked_fill(~inside, float("-inf"))
    lp = F.log_softmax(kept, dim=-1)
    if conf is not None:
        lp = lp * conf.float()[:, None].expand_as(target)[counts][:, None]
    nll = -lp.gather(-1, wanted[:, None]).squeeze(-1)  # (N,)
    smooth, share = smoothing(lp, inside, options)
    each = every = (1 - options.label_smoothing - share) * nll + share * smooth
    if inside is not None:
        lp = lp.masked_fill(~inside, 0.0)  # what cannot be said cannot diverge
    if options.drop_worst_ratio > 0 and update > options.drop_worst_after:
        best = each.topk(int(len(each) * (1 - options.drop_worst_ratio)), largest=False).indices
        each, nll, lp = each[best], nll[best], lp[best]
    loss = each.sum()
    if options.reg_alpha > 0:
        loss = loss + options.reg_alpha * divergence(lp)
    return Loss(loss, nll.sum(), len(each), every)


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
    """R-Drop: mean of the two Kullback-Leibler divergences between halves of the places (N, V).

    The batch holds every example twice, the second time after the first (arXiv 2106.14448).
    """
    if len(lp) % 2:
        raise ValueError("R-Drop needs every example twice.")
    first, second = lp.chunk(2)
    there = F.kl_div(first, second, log_target=True, reduction="sum")
    back = F.kl_div(second, first, log_target=True, reduction="sum")
    return (there + back) / 2
