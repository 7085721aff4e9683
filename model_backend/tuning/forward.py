"""One batch through the network to its loss (spec 10.1), without work that nothing asks for.

What is left out gives the same numbers: a picture goes through the tower once however much is asked
about it, logits are computed only at places that count, and where a row may say few symbols, only
for these. Texts carry no black picture unless the recipe wants them to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from model_backend.biomedgpt.loss import Loss, LossOptions, label_smoothed_loss
from model_backend.biomedgpt.network import BiomedGPT
from model_backend.biomedgpt.tokenizer import EOS, PAD
from model_backend.tuning.batch import Batch, Group
from model_backend.tuning.recipe import Tuning


def options_of(tuning: Tuning) -> LossOptions:
    """The loss that a recipe wants."""
    return LossOptions(
        label_smoothing=tuning.label_smoothing,
        drop_worst_ratio=tuning.drop_worst_ratio,
        drop_worst_after=tuning.drop_worst_after,
        ignore_eos=tuning.ignore_eos,
        reg_alpha=tuning.reg_alpha,
    )


class Forward(nn.Module):
    """The network with its loss, as one module: several devices share its gradients."""

    def __init__(self, network: BiomedGPT, options: LossOptions, *, tower_learns: bool) -> None:
        super().__init__()
        self.network = network
        self.options = options
        self.tower_learns = tower_learns

    def forward(
        self, batch: Batch, shares: Mapping[int, float], update: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum of the groups' losses, each times its part's share; and of each objective the
        summed loss and the number of its places.

        A share is 1 / sample size: the mean is over all devices' batches of an update.
        """
        features = self._features(batch)
        total = torch.zeros((), device=next(self.network.parameters()).device)
        told: dict[str, Tensor] = {}
        for group in batch.groups:
            loss, rows = self._group(group, features, update)
            total = total + loss.loss * shares[group.loss]
            each = loss.each.detach()
            copies = 2 if self.options.reg_alpha > 0 else 1
            for name in dict.fromkeys(group.objectives):
                own = torch.tensor([one == name for one in group.objectives] * copies)
                mine = each[own.to(rows.device)[rows]]
                both = torch.stack([mine.sum(), mine.new_tensor(len(mine))])
                told[name] = told[name] + both if name in told else both
        if torch.is_grad_enabled() and not total.requires_grad:
            # No row to learn from here: other processes wait for this one's gradients all the same.
            learnt = next(one for one in self.network.parameters() if one.requires_grad)
            total = total + 0.0 * learnt.flatten()[0]
        return total, told

    def _features(self, batch: Batch) -> dict[int, Tensor]:
        with torch.set_grad_enabled(self.tower_learns and torch.is_grad_enabled()):
            return {
                side: self.network.image_features(images) for side, images in batch.images.items()
            }

    def _group(
        self, group: Group, features: Mapping[int, Tensor], update: int
    ) -> tuple[Loss, Tensor]:
        """The loss of a group, and the row of each of its places."""
        seen = None
        if group.size:
            assert group.image_of is not None
            seen = features[group.size][group.image_of]
        inputs: list[Any] = [
            group.source,
            group.previous,
            group.target,
            group.conf,
            seen,
            group.masks,
            group.order,
            group.codes,
            group.allowed,
        ]
        if self.options.reg_alpha > 0:
            inputs = [twice(one) for one in inputs]
        source, previous, target, conf, seen, masks, order, codes, allowed = inputs
        states = self.network.encode(source, None, masks, features=seen, order=order)
        decoded, _ = self.network.decoder.states(previous, states, codes)  # (R, T, C)
        counts = target != PAD
        logits = self._logits(decoded[counts], group.symbols)  # (N, U)
        wanted = target[counts]
        if group.symbols is not None:
            wanted = torch.searchsorted(group.symbols, wanted)
        rows = counts.nonzero()[:, 0]
        # Every place a row of its own, so that those without a target take no room.
        loss = label_smoothed_loss(
            logits[:, None],
            wanted[:, None],
            self.options,
            conf=conf[rows],
            allowed=None if allowed is None else allowed[:, None],
            update=update,
        )
        return loss, rows[target[counts] != EOS] if self.options.ignore_eos else rows

    def _logits(self, states: Tensor, symbols: Tensor | None) -> Tensor:
        if symbols is None:
            return self.network.decoder.logits(states)
        return self.network.decoder.logits_of(states, symbols)


def twice(value: Tensor | None) -> Tensor | None:
    """Every row of a batch once more, behind all rows (R-Drop)."""
    return None if value is None else torch.cat([value, value])


def recompute(network: BiomedGPT) -> None:
    """Let every layer forget its activations and compute them again on the way back."""
    for layer in [*network.encoder.layers, *network.decoder.layers]:
        layer.forward = _forgetful(layer.forward)


def _forgetful(forward: Any) -> Any:
    def run(*inputs: Any) -> Any:
        if not torch.is_grad_enabled():
            return forward(*inputs)
        return checkpoint(forward, *inputs, use_reentrant=False)

    return run
