"""Training of the practice model: from nothing, one seed, one thread, a fixed number of steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.loss import label_smoothed_loss
from model_backend.biomedgpt.network import BiomedGPT, initialise
from model_backend.biomedgpt.tokenizer import PAD
from model_backend.biomedgpt.weights import save_weights
from model_backend.folder import ModelFolder, Preprocess, sha256_of, write_model
from model_backend.practice.codes import CODES
from model_backend.practice.drawing import MIDDLE, SHAPES, SIDE, SIZES, STEP, TONES
from model_backend.practice.examples import cases_of
from model_backend.practice.mixture import UNKNOWN, Batch, Group, Mixture
from model_backend.practice.symbols import CaseEncoder
from model_backend.tasks import TASKS
from model_backend.training.average import update_average
from model_backend.training.learner import TOWER_CHANNELS, parameter_groups
from model_backend.training.recipe import Stage
from model_backend.training.run import rate_at
from model_backend.training.saving import write_safely

NAME, VERSION = "wetread-practice", "1.0.0"
WEIGHTS = "weights.safetensors"
SOURCE = "pictures and texts that model_backend/practice draws; no patient, no public data set"
SEED = 20261123
STEPS = 1300
SAMPLES = 150  # cases of each task that the dictionary is read from
DECAY = 0.99  # of the average of the weights, which is what is kept
AUXILIARY = 2.0  # weight of the labels read straight from the tower
CLIP = 1.0
ALONE = 0.4  # of the steps, the first ones, show one object at a time
SAY_EVERY, SAVE_EVERY = 20.0, 60.0  # seconds
BINS = SIDE // STEP + 1  # location symbols, from edge to edge
LOOKS = (len(SHAPES) + 1, len(TONES), len(SIZES))  # values of each, which the head tells apart


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the training stands: the loss of each task, averaged since the last line."""

    step: int
    steps: int
    losses: Mapping[str, float]
    seconds_left: float

    def __str__(self) -> str:
        each = " ".join(f"{name} {loss:.2f}" for name, loss in self.losses.items())
        left = time.strftime("%M:%S", time.gmtime(max(self.seconds_left, 0)))
        return f"step {self.step}/{self.steps} {left} left {each}"


def practice_config() -> OFAConfig:
    """The network: 2 + 2 layers, 128 wide, a dictionary of just the symbols that its texts use."""
    published = OFAConfig()
    symbols = 4 + published.dict_lines + 1 + CODES + BINS
    whole = replace(published, vocab_size=symbols, code_dict_size=CODES, num_bins=BINS)
    encoder = CaseEncoder(replace(whole, max_image_size=SIDE, patch_image_size=SIDE))
    lines = encoder.tokenizer.lines()
    used: set[int] = set()
    for number, task in enumerate(TASKS):
        cases = cases_of(task, np.random.default_rng([SEED, 0, number]))
        for _ in range(SAMPLES):
            case = next(cases)
            example = encoder.encode(case)
            used |= {*example.source, *example.target}
            for one in case.candidates:
                used |= set(encoder.tokenizer.encode(f" {one}"))
    dictionary = tuple(lines[symbol] for symbol in sorted(used & lines.keys()))
    return OFAConfig(
        d_model=128,
        ffn_dim=512,
        heads=4,
        encoder_layers=2,
        decoder_layers=2,
        resnet_layers=(1, 1, 1),
        vocab_size=4 + len(dictionary) + 1 + CODES + BINS,
        dict_lines=len(dictionary),
        code_dict_size=CODES,
        num_bins=BINS,
        max_image_size=SIDE,
        token_bucket_size=64,
        image_bucket_size=SIDE // 16,
        code_image_size=MIDDLE,
        patch_image_size=SIDE,
        orig_patch_image_size=SIDE,
        max_positions=320,  # a question, and an answer as long as any task asks for
        dropout=0.0,
        drop_path=0.0,
        dictionary=dictionary,
    )


class QuarterHead(nn.Module):
    """Features (N, 1024, h, w) to logits (N, 4, values) for each of shape, tone, size and the four
    corners: the look from the mean of a quarter's patches, the corners from all of them."""

    def __init__(self) -> None:
        super().__init__()
        patches = (SIDE // 32) ** 2  # of one quarter
        self.look = nn.Linear(TOWER_CHANNELS, sum(LOOKS))
        self.corners = nn.Linear(patches * TOWER_CHANNELS, 4 * BINS)

    def forward(self, features: Tensor) -> tuple[Tensor, ...]:
        side = features.shape[2] // 2
        patches = functional.unfold(features, side, stride=side).transpose(1, 2)  # (N, 4, ...)
        mean = patches.reshape(*patches.shape[:2], TOWER_CHANNELS, -1).mean(3)
        corners = self.corners(patches).split(BINS, dim=-1)
        return (*self.look(mean).split(LOOKS, dim=-1), *corners)


class Training:
    """The network, its optimiser and the average of its weights.

    An auxiliary head reads what lies in each quarter from the tower's features, which teaches the
    tower from the first step; it is thrown away at the end.
    """

    def __init__(self, steps: int, rate: float = 2e-3) -> None:
        torch.manual_seed(SEED)
        self.stage = Stage("practice", 1, steps, 0, 0, 0, rate=rate, warmup=0.05, final=0.01)
        self.config = practice_config()
        self.network = BiomedGPT(self.config)
        initialise(self.network)
        widen(self.network)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stub
        self.head = QuarterHead()
        self.average = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.mixture = Mixture(CaseEncoder(self.config), SEED, int(ALONE * steps))
        self.done = 0
        self.optimizer = torch.optim.AdamW(
            parameter_groups([self.network, self.head], 0.01), betas=(0.9, 0.98)
        )

    @property
    def steps(self) -> int:
        return self.stage.steps

    def step(self) -> dict[str, float]:
        """Learn from the next batch; the mean loss of each task."""
        batch = self.mixture.draw(self.done)
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = rate_at(self.stage, self.done)
        with torch.autocast("cpu", torch.bfloat16):
            losses = self._losses(batch)
        total = sum(losses.values(), torch.zeros(()))
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]  # torch leaves Tensor.backward untyped
        for module in (self.network, self.head):
            nn.utils.clip_grad_norm_(module.parameters(), CLIP)
        self.optimizer.step()
        self.done += 1
        update_average(self.average, self.network, self.done - 1, DECAY)
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _losses(self, batch: Batch) -> dict[str, Tensor]:
        features = self.network.image_features(batch.images)  # (pictures, 1024, 4, 4)
        losses = {"looks": self._read_off(features, batch.looks) * AUXILIARY}
        for group in batch.groups:
            seen = None if group.image_of is None else features[group.image_of]
            states = self.network.encode(group.source, features=seen)
            logits = self.network.decode(group.previous, states, group.codes)
            losses |= losses_by_task(group, logits)
        return losses

    def _read_off(self, features: Tensor, looks: Tensor) -> Tensor:
        """Loss of the auxiliary head; features (pictures, 1024, h, w), looks (pictures, 4, 7)."""
        parts = self.head(features)
        return torch.stack(
            [
                functional.cross_entropy(
                    part.float().flatten(0, 1), looks[..., place].flatten(), ignore_index=UNKNOWN
                )
                for place, part in enumerate(parts)
            ]
        ).mean()

    def averaged_network(self) -> BiomedGPT:
        """A network of its own with the averaged weights, in evaluation mode."""
        network = BiomedGPT(self.config)
        network.load_state_dict(self.average)
        return network.eval()


def train(training: Training, folder: Path, show: Callable[[Progress], None]) -> None:
    """Make the steps that are left. The model so far is written every minute and at the end."""
    started = said = saved = time.monotonic()
    first, before = training.done, training.done
    sums: dict[str, float] = {}
    while training.done < training.steps:
        for name, loss in training.step().items():
            sums[name] = sums.get(name, 0.0) + loss
        now = time.monotonic()
        is_last = training.done == training.steps
        if now - said > SAY_EVERY or is_last:
            means = {name: loss / (training.done - before) for name, loss in sums.items()}
            left = (now - started) / (training.done - first) * (training.steps - training.done)
            show(Progress(training.done, training.steps, means, left))
            sums, said, before = {}, now, training.done
        if now - saved > SAVE_EVERY or is_last:
            export(training, folder)
            saved = now


def export(training: Training, path: Path) -> ModelFolder:
    """Write the averaged weights in half precision and `model.json` into the folder `path`."""
    path.mkdir(parents=True, exist_ok=True)
    with write_safely(path / WEIGHTS) as file:
        save_weights(Path(file.name), training.averaged_network(), torch.float16)
        Path(file.name).chmod(0o644)
    folder = ModelFolder(
        path=path,
        name=NAME,
        model_version=VERSION,
        backend="biomedgpt",
        tasks=tuple(TASKS),
        config=training.config.to_json(),
        weights=WEIGHTS,
        sha256=sha256_of(path / WEIGHTS),
        preprocess=Preprocess(SIDE),
        licence="GPL-3.0-only",
        sources=(SOURCE,),
        manufacturer="Wetread",
        use="demonstration only",
    )
    write_model(folder)
    return folder


@torch.no_grad()
def widen(network: BiomedGPT) -> None:
    """Linear weights from the published 0.02 (spec 5), which suits 768 dimensions, to what keeps
    states of this width at their size: attention starts from patterns instead of from a mean."""
    for module in network.modules():
        if isinstance(module, nn.Linear):
            module.weight.mul_(module.in_features**-0.5 / 0.02)


def losses_by_task(group: Group, logits: Tensor) -> dict[str, Tensor]:
    """For each task of the group the mean over its rows. A row of n symbols counts as sqrt(n) of
    them, so that long answers do not drown the short ones."""
    lengths = (group.target != PAD).sum(1)
    losses = {}
    for task in dict.fromkeys(case.task for case in group.cases):
        rows = torch.tensor([case.task == task for case in group.cases])
        found = label_smoothed_loss(
            logits[rows],
            group.target[rows],
            conf=lengths[rows] ** -0.5,
            allowed=group.allowed[rows],
        )
        losses[task] = found.loss / int(rows.sum())
    return losses
