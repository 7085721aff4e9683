"""The tokenizer's training: pictures drawn again through codes; taken up where it was killed."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from model_backend.biomedgpt.image import normalised
from model_backend.coding.folder import middle, write_coder
from model_backend.coding.network import CodeNetwork
from model_backend.coding.recipe import CodeRecipe
from model_backend.datasets.reading import open_dataset
from model_backend.datasets.row import TRAIN, VALIDATION, Row
from model_backend.training.problems import TrainingProblem
from model_backend.tuning import kept
from model_backend.tuning.examples import opened
from model_backend.tuning.logs import Voice
from model_backend.tuning.objectives import BadRow
from model_backend.tuning.run import CHECKPOINT, digest

SAY_EVERY = 5.0  # seconds
EXAMINED = 256  # pictures of the validation part that usage and error are measured on


@dataclass(frozen=True, slots=True)
class Measured:
    """What a tokenizer reaches on pictures."""

    pictures: int
    error: float  # root mean square, in grey levels of 255
    used: float  # share of the codes that occur at all
    perplexity: float  # so many codes in equal use would have this entropy


class CodeRun:
    """One run in one folder."""

    def __init__(self, recipe: CodeRecipe, data: Path, out: Path, voice: Voice) -> None:
        learning = recipe.learning
        if learning.threads:
            torch.set_num_threads(learning.threads)
        self.recipe, self.out, self.voice = recipe, out, voice
        self.datasets = [open_dataset(data / one) for one in learning.data]
        self.digests = {one.name: digest(one) for one in self.datasets}
        self.left_out = 0
        torch.manual_seed(learning.seed)
        self.network = CodeNetwork(recipe.network)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stub
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=learning.rate, weight_decay=1e-4, fused=True
        )
        self.done = 0
        self.losses: list[float] = []
        out.mkdir(parents=True, exist_ok=True)
        self._resume()

    def train(self, until: int | None = None) -> None:
        """Make the steps that are left, up to `until` (all of them when None)."""
        learning = self.recipe.learning
        end = learning.steps if until is None else min(until, learning.steps)
        pictures = self._pictures(self.done * learning.rows)
        said = time.monotonic()
        while self.done < end:
            batch = np.stack(list(islice(pictures, learning.rows)))
            loss, anew = self.step(torch.from_numpy(batch))
            self.losses.append(loss)
            now = time.monotonic()
            if now - said > SAY_EVERY or self.done == end:
                self.voice.say(
                    f"step {self.done}/{learning.steps} loss {loss:.4f}, {anew} codes placed anew",
                    step=self.done,
                    loss=loss,
                )
                said = now
            if self.done == end or self.done % learning.save_every == 0:
                kept.save(self.out / CHECKPOINT, self._state())

    def step(self, pictures: Tensor) -> tuple[float, int]:
        """Learn from a batch (B, 3, side, side); its loss and the codes that were placed anew."""
        learning = self.recipe.learning
        torch.manual_seed(learning.seed * 1_000_003 + self.done)
        self.network.train()
        fall = 0.5 + 0.5 * math.cos(math.pi * self.done / learning.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = learning.rate * (learning.final + (1 - learning.final) * fall)
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=learning.bfloat16):
            coded = self.network(pictures)
        drawn = coded.picture.float()
        loss = F.l1_loss(drawn, pictures) + F.mse_loss(drawn, pictures)
        loss = loss + learning.edges * edges(drawn, pictures)
        loss = loss + learning.commitment * coded.commitment
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.done += 1
        return float(loss.detach()), self.network.follow(coded)

    def _pictures(self, first: int) -> Iterator[np.ndarray[Any, np.dtype[np.float32]]]:
        """The prepared middles from that place on, without end; what cannot be read is skipped,
        and another picture has its place."""
        counts = [one.count(TRAIN) for one in self.datasets]
        total = sum(counts)
        if not total:
            raise TrainingProblem("The data sets have no row in their part train.")
        epoch, start = divmod(first, total)
        last = None
        while True:
            usable = 0
            for row in islice(self._rows(epoch), start, None):
                try:
                    last = normalised(middle(opened(row), self.recipe.learning.side))
                    usable += 1
                except BadRow:
                    self.left_out += 1
                    if last is None:
                        continue
                yield last
            if not usable and not start:
                raise TrainingProblem("No row of the data sets has a picture that can be read.")
            epoch, start = epoch + 1, 0

    def _rows(self, epoch: int) -> Iterator[Row]:
        """The data sets' rows of one epoch, by turns as often as they have rows."""
        seed = self.recipe.learning.seed * 1_009 + epoch
        streams = [one.rows(TRAIN, seed=seed) for one in self.datasets]
        counts = [one.count(TRAIN) for one in self.datasets]
        whose = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
        for number in whose:
            yield next(streams[number])

    def measure(self) -> Measured:
        """Usage and error on the validation part, or on the training part where there is none."""
        side = self.recipe.learning.side
        squares, values, pictures = 0.0, 0, 0
        uses = torch.zeros(self.network.config.codes)
        self.network.eval()
        for dataset in self.datasets:
            part = VALIDATION if dataset.count(VALIDATION) else TRAIN
            for row in islice(dataset.rows(part, seed=1), EXAMINED):
                try:
                    ready = normalised(middle(opened(row), side))
                except BadRow:
                    continue
                with torch.inference_mode():
                    seen = torch.from_numpy(ready)[None]
                    codes = self.network.codes_of(seen)
                    drawn = self.network.picture_of(codes)
                squares += float((drawn - seen).square().sum()) * 127.5**2
                values += seen.numel()
                uses += torch.bincount(codes.flatten(), minlength=len(uses))
                pictures += 1
        shares = uses[uses > 0] / uses.sum()
        perplexity = float(torch.exp(-(shares * shares.log()).sum())) if pictures else 0.0
        error = math.sqrt(squares / max(values, 1))
        return Measured(pictures, error, float((uses > 0).float().mean()), perplexity)

    def write(self, folder: Path) -> Measured:
        """Measure the tokenizer and write it into a folder."""
        measured = self.measure()
        facts = {
            "recipe_sha256": self.recipe.sha256,
            "data": self.digests,
            "steps": self.done,
            "pictures": measured.pictures,
            "error": round(measured.error, 3),
            "used": round(measured.used, 4),
            "perplexity": round(measured.perplexity, 1),
        }
        write_coder(folder, self.recipe.name, self.recipe.learning.side, self.network, facts)
        return measured

    def _state(self) -> dict[str, Any]:
        return {
            "recipe": self.recipe.sha256,
            "data": self.digests,
            "step": self.done,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "losses": self.losses,
            "left_out": self.left_out,
        }

    def _resume(self) -> None:
        state = kept.load(self.out / CHECKPOINT, self.recipe.sha256, self.digests)
        if state is not None:
            self.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.done, self.losses = int(state["step"]), list(state["losses"])
            self.left_out = int(state["left_out"])


def edges(drawn: Tensor, wanted: Tensor) -> Tensor:
    """How far the differences of neighbouring pixels are off, so that fine lines count."""
    across = (drawn.diff(dim=3) - wanted.diff(dim=3)).abs().mean()
    return across + (drawn.diff(dim=2) - wanted.diff(dim=2)).abs().mean()
