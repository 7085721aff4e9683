"""Logistic regression, for floors and for the teacher of questions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Linear:
    """A fitted multinomial model: weight (features, classes), bias (classes,)."""

    weight: Tensor
    bias: Tensor

    def probabilities(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """(rows, features) to (rows, classes)."""
        table = torch.softmax(torch.from_numpy(rows) @ self.weight + self.bias, 1)
        return table.numpy().astype(np.float64)


def fit_logistic(
    rows: NDArray[np.float32], classes: NDArray[np.int64], penalty: float = 1.0
) -> Linear:
    """The least penalised log loss, by L-BFGS; the penalty is half the sum of squared weights."""
    x, y = torch.from_numpy(rows), torch.from_numpy(classes)
    count = int(classes.max()) + 1
    weight = torch.zeros(x.shape[1], count, requires_grad=True)
    bias = torch.zeros(count, requires_grad=True)
    search = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def step() -> Tensor:
        search.zero_grad()
        loss = torch.nn.functional.cross_entropy(x @ weight + bias, y, reduction="sum")
        loss = loss + penalty * (weight * weight).sum() / 2
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves Tensor.backward untyped
        return loss

    search.step(step)  # type: ignore[no-untyped-call]  # and LBFGS.step
    return Linear(weight.detach(), bias.detach())
