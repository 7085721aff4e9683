"""One training step: what is computed, what is lost, what moves; and the state between steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.loss import LossOptions, label_smoothed_loss
from model_backend.biomedgpt.network import BiomedGPT, EncoderOutput, initialise
from model_backend.biomedgpt.tokenizer import PAD, Tokenizer
from model_backend.training.average import update_average
from model_backend.training.batches import Drawn
from model_backend.training.encoding import Encoder
from model_backend.training.facts import ORGANS, Example
from model_backend.training.pictures import NIH, Picture
from model_backend.training.recipe import Learning, TutorPlan
from model_backend.training.tutor import HINTS, SHOWN, Opinion
from model_backend.training.wordings import NO, YES

TOWER_CHANNELS = 1024
ADULT = "normal adult"  # the label of its own that says whether an adult film is normal
SHOWN_STRENGTH = 2.0  # of what the head reads, against a chance direction
KINDS = ("closed", "films", "taught", "free")


@dataclass(frozen=True, slots=True)
class Losses:
    """What one step lost, by kind."""

    total: float
    closed: float
    films: float
    taught: float
    free: float
    auxiliary: float
    tutor: float


class Learner:
    """The network in training, its auxiliary head, its optimiser and the average of its weights.

    The auxiliary head reads the labels straight from the mean of the tower's features. It teaches
    the tower long before the decoder can, and is thrown away at the end.
    """

    def __init__(
        self,
        config: OFAConfig,
        learning: Learning,
        pictures: Sequence[Picture],
        finding_names: Sequence[str],
        tutor: TutorPlan | None = None,
    ) -> None:
        torch.manual_seed(learning.seed)
        self.network = BiomedGPT(config)
        initialise(self.network)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # stub
        self.head = nn.Linear(TOWER_CHANNELS, len(finding_names) + len(ORGANS))
        self.echo = nn.Linear(TOWER_CHANNELS, SHOWN) if tutor else nn.Identity()
        self.hints = nn.Conv2d(TOWER_CHANNELS, HINTS, 1) if tutor else nn.Identity()
        self._tutor = tutor
        self._names = list(finding_names)
        self._pictures = pictures
        self.encoder = Encoder(Tokenizer(config), config)
        self.average = {name: value.clone() for name, value in self.network.state_dict().items()}
        self._learning = learning
        self._labels, self._organs = label_tables(pictures, finding_names)
        self.optimizer = torch.optim.AdamW(
            parameter_groups(
                [self.network, self.head, self.echo, self.hints],
                learning.weight_decay,
                self.network.encoder.embed_images,
            ),
            betas=(0.9, 0.98),
        )

    def step(self, number: int, drawn: Drawn, rate: float, tower_share: float = 1.0) -> Losses:
        """Learn from one batch. The same number, batch and state always give the same result.

        The image tower learns at `tower_share` of the rate.
        """
        torch.manual_seed(self._learning.seed * 1_000_003 + number)
        self.network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = rate * (tower_share if group["is_tower"] else 1.0)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._learning.bfloat16):
            losses = self._losses(number, drawn)
        total = sum(losses.values(), torch.zeros(()))
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]  # torch leaves Tensor.backward untyped
        for module in (self.network, self.head, self.echo, self.hints):
            if parameters := list(module.parameters()):
                nn.utils.clip_grad_norm_(parameters, self._learning.clip_norm)
        self.optimizer.step()
        update_average(self.average, self.network, number, self._learning.ema)
        kinds = {name: float(value.detach()) for name, value in losses.items()}
        return Losses(float(total.detach()), **kinds)

    def _losses(self, number: int, drawn: Drawn) -> dict[str, Tensor]:
        features = self.network.image_features(as_network_input(drawn.images))
        chance = np.random.default_rng([self._learning.seed, 3, number])
        pooled = features.mean((2, 3))
        read = self.head(pooled.detach()).detach().float()
        kinds = {}
        for name in KINDS:
            rows = [row for row, one in enumerate(drawn.examples) if self._kind_of(one) == name]
            kinds[name] = torch.zeros(())
            if rows:
                examples = [drawn.examples[row] for row in rows]
                if name == "films":
                    examples = self._trusting(examples, drawn.image_of[rows], drawn.opinion, read)
                seen = features[drawn.image_of[rows]]
                kinds[name] = self._answered(examples, seen, chance, drawn.each_answer)
        kinds["free"] = kinds["free"] * self._learning.free_weight
        kinds["taught"] = kinds["taught"] * self._learning.taught_weight
        kinds["films"] = kinds["films"] * self._learning.films_weight
        kinds["auxiliary"] = self._read_off(pooled, drawn) * self._learning.auxiliary
        kinds["tutor"] = self._echoed(features, pooled, drawn.opinion)
        return kinds

    def _kind_of(self, example: Example) -> str:
        """One of KINDS; a tutor may know better than a label, so its films are a kind apart."""
        if self._tutor is not None and example.finding:
            return "films"
        if example.likely is not None:
            return "taught"
        return "closed" if example.candidates else "free"

    def _trusting(
        self,
        examples: Sequence[Example],
        image_of: Tensor,
        opinion: Opinion | None,
        read: Tensor,
    ) -> list[Example]:
        """The examples with the chance of "yes" to learn: the label's and the tutor's, mixed.

        `read` are the log-odds of the auxiliary head, which may speak for the tutor: the decoder
        sees the same features, and can say all that the head reads from them.
        """
        trust = self._tutor.trust if self._tutor and opinion else 0.0
        shares = None
        if opinion:
            own = read[:, : len(self._names)].sigmoid()
            shares = torch.lerp(opinion.odds.sigmoid(), own, self._learning.echoed)
        mixed = []
        for one, image in zip(examples, image_of.tolist(), strict=True):
            likely = float(one.answer == YES)
            likely += self._learning.label_smoothing * (0.5 - likely)
            if shares is not None:
                seen = float(shares[image, self._column(one)])
                likely = (1 - trust) * likely + trust * (1 - seen if one.opposite else seen)
            mixed.append(replace(one, likely=likely))
        return mixed

    def _column(self, example: Example) -> int:
        """The label that an example's finding is read from."""
        labels = labels_of(self._pictures[example.picture], self._names)
        apart = example.finding not in labels and ADULT in labels
        return self._names.index(ADULT if apart else example.finding)

    def _echoed(self, features: Tensor, pooled: Tensor, opinion: Opinion | None) -> Tensor:
        """Loss against what the tutor sees: its log-odds, and its features, which are finer."""
        if opinion is None or self._tutor is None:
            return torch.zeros(())
        odds = self.head(pooled).float()[:, : len(self._names)]
        loss = functional.binary_cross_entropy_with_logits(odds, opinion.odds.sigmoid())
        echo = functional.smooth_l1_loss(self.echo(pooled).float(), opinion.features)
        hints = functional.adaptive_avg_pool2d(opinion.hints, features.shape[2])
        places = functional.smooth_l1_loss(self.hints(features).float(), hints)
        return (
            loss * self._tutor.odds_weight
            + echo * self._tutor.features_weight
            + places * self._tutor.hints_weight
        )

    def _answered(
        self,
        examples: Sequence[Example],
        features: Tensor,
        chance: np.random.Generator,
        each_answer: bool,
    ) -> Tensor:
        """Mean loss of one kind of example; features (examples, 1024, h, w)."""
        encoded = self.encoder.encode(examples, self._learning.word_dropout, chance)
        seen: EncoderOutput = self.network.encode(encoded.source, features=features)
        if examples[0].likely is not None:
            return self._taught(examples, self.network.decode(encoded.previous[:, :1], seen))
        logits = self.network.decode(encoded.previous, seen)
        options = LossOptions(label_smoothing=self._learning.label_smoothing)
        closed = bool(examples[0].candidates)
        lengths = (encoded.target != PAD).sum(1)
        conf = 1 / lengths if each_answer and not closed else None
        loss = label_smoothed_loss(
            logits, encoded.target, options, conf=conf, allowed=encoded.allowed
        )
        # An eos that nothing else may take costs nothing, so closed answers count once each.
        return loss.loss / (loss.sample_size if conf is None and not closed else len(examples))

    def _taught(self, examples: Sequence[Example], logits: Tensor) -> Tensor:
        """Mean cross-entropy against the teacher's chance of yes; logits (examples, 1, V)."""
        yes, no = self.encoder.answer_ids(YES)[0], self.encoder.answer_ids(NO)[0]
        likely = torch.tensor([one.likely for one in examples], dtype=torch.float32)
        odds = (logits[:, 0, yes] - logits[:, 0, no]).float()
        return functional.binary_cross_entropy_with_logits(odds, likely)

    def _read_off(self, pooled: Tensor, drawn: Drawn) -> Tensor:
        """Loss of the auxiliary head on the labels of findings and of the part of the body."""
        logits = self.head(pooled).float()
        labels = self._labels[drawn.pictures]
        organs = self._organs[drawn.pictures]
        findings = labels.shape[1]
        known = labels >= 0
        loss = torch.zeros(())
        if bool(known.any()):
            loss = functional.binary_cross_entropy_with_logits(
                logits[:, :findings][known], labels[known]
            )
        if bool((organs >= 0).any()):
            loss = loss + 0.5 * functional.cross_entropy(
                logits[:, findings:], organs, ignore_index=-1
            )
        return loss

    @torch.no_grad()
    def show_findings(self, drawn: Drawn) -> None:
        """Let the encoder begin with what the auxiliary head reads, beside chance directions.

        The decoder then need not find again what the tower has learnt to tell.
        """
        self.network.eval()
        pooled = self.network.image_features(as_network_input(drawn.images)).mean((2, 3))
        projection = self.network.encoder.image_proj
        assert isinstance(projection, nn.Linear)
        usual = functional.linear(pooled, projection.weight).std(0).median()
        count = self.head.out_features
        read = functional.linear(pooled, self.head.weight)
        scale = SHOWN_STRENGTH * usual / read.std(0).clamp(min=1e-6)
        projection.weight[:count] = self.head.weight * scale[:, None]
        projection.bias[:count] = -read.mean(0) * scale
        for name, value in self.network.encoder.image_proj.state_dict().items():
            self.average[f"encoder.image_proj.{name}"].copy_(value)

    def averaged_network(self) -> BiomedGPT:
        """A network of its own with the averaged weights, in evaluation mode."""
        network = BiomedGPT(self.network.config)
        network.load_state_dict(self.average)
        return network.eval()

    def state(self) -> dict[str, Any]:
        """All that the next step depends on."""
        return {
            "network": self.network.state_dict(),
            "head": self.head.state_dict(),
            "echo": self.echo.state_dict(),
            "hints": self.hints.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state given by `state`."""
        self.network.load_state_dict(state["network"])
        self.head.load_state_dict(state["head"])
        self.echo.load_state_dict(state["echo"])
        self.hints.load_state_dict(state["hints"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average = state["average"]


def as_network_input(images: Tensor) -> Tensor:
    """(N, 1, size, size) in [0, 1] as the image tower takes them."""
    shown = (images * 2 - 1).expand(-1, 3, -1, -1)
    return shown.contiguous(memory_format=torch.channels_last)


def label_tables(
    pictures: Sequence[Picture], finding_names: Sequence[str]
) -> tuple[Tensor, Tensor]:
    """(pictures, findings) of 1, 0 and -1 for unknown; (pictures,) part of the body or -1."""
    labels = torch.full((len(pictures), len(finding_names)), -1.0)
    organs = torch.full((len(pictures),), -1, dtype=torch.long)
    for row, picture in enumerate(pictures):
        known = labels_of(picture, finding_names)
        for column, name in enumerate(finding_names):
            if name in known:
                labels[row, column] = float(known[name])
        if picture.organ:
            organs[row] = list(ORGANS).index(picture.organ)
    return labels, organs


def labels_of(picture: Picture, names: Sequence[str]) -> dict[str, bool]:
    """A picture's labels; where ADULT is among `names`, an adult film is normal under that name."""
    if ADULT not in names or picture.source != NIH:
        return picture.labels
    return {ADULT if name == "normal" else name: there for name, there in picture.labels.items()}


def parameter_groups(
    modules: Sequence[nn.Module], decay: float, tower: nn.Module | None = None
) -> list[dict[str, Any]]:
    """Weight decay for matrices only: norms, biases and head factors stay free.

    The parameters of `tower`, where it is given, make groups of their own, which are marked.
    """
    known = {id(one) for one in tower.parameters()} if tower else set()
    groups = []
    for is_tower in (True, False):
        parameters = [
            one
            for module in modules
            for one in module.parameters()
            if (id(one) in known) is is_tower
        ]
        matrices = [one for one in parameters if one.ndim > 1]
        others = [one for one in parameters if one.ndim <= 1]
        for chosen, share in ((matrices, decay), (others, 0.0)):
            if chosen:
                groups.append({"params": chosen, "weight_decay": share, "is_tower": is_tower})
    return groups
