"""How good the weights are on rows that they do not learn from: mean loss, and answers that are
exactly right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor

from model_backend.biomedgpt.loss import LossOptions, label_smoothed_loss
from model_backend.biomedgpt.tokenizer import PAD
from model_backend.tuning.batch import Batch, Collator, Group
from model_backend.tuning.examples import ExampleMaker
from model_backend.tuning.learner import Learner
from model_backend.tuning.objectives import WRONG_LABEL
from model_backend.tuning.stream import Stream
from model_backend.tuning.world import World

ROWS = 16  # at a time


@dataclass(frozen=True, slots=True)
class Score:
    """Means over the examples of the validation part."""

    loss: float  # of a place, without smoothing
    exact: float  # share of all examples that greedy decoding, constrained or not, answers exactly
    examples: int

    def better_than(self, other: Score | None, by: str) -> bool:
        """Whether it is the best so far; the last one is where nothing is compared."""
        if other is None or by == "last":
            return True
        return self.loss < other.loss if by == "loss" else self.exact > other.exact


@dataclass(frozen=True)
class Validator:
    """Examines one process's share of the validation rows."""

    streams: Sequence[Stream]  # of the sources' validation parts
    maker: ExampleMaker
    collator: Collator
    size: int
    most: int  # rows of each source

    def batches(self, world: World) -> Iterator[Batch]:
        """The rows in the data sets' own order, nothing drawn at random but masks and patches."""
        for one in self.streams:
            rows = islice(one.dataset.rows(one.part), world.rank, self.most, world.size)
            place = world.rank
            while taken := list(islice(rows, ROWS)):
                made = []
                for row in taken:
                    made.append(self.maker.make(one.ready, row, place, taken))
                    place += world.size
                yield self.collator.collate(made, self.size, [0, 6, place])

    def score(self, learner: Learner, world: World) -> Score | None:
        """What the weights that would be kept reach; None where there is nothing to examine."""
        loss, places, right, examples = 0.0, 0.0, 0.0, 0.0
        with learner.averaged(), torch.no_grad(), learner.autocast():
            for batch in self.batches(world):
                batch = batch.to(world.device)
                features = {
                    side: learner.network.image_features(one) for side, one in batch.images.items()
                }
                # An answer that the list lacks cannot be given: that is wrong, not left out.
                examples += sum(why == WRONG_LABEL for _, _, why in batch.left_out)
                for group in batch.groups:
                    found = _examined(learner, group, features)
                    loss, places = loss + found[0], places + found[1]
                    right, examples = right + found[2], examples + len(group.objectives)
        loss, places, right, examples = world.summed([loss, places, right, examples])
        if not places:
            return None
        return Score(loss / places, right / examples, int(examples))


def _examined(
    learner: Learner, group: Group, features: dict[int, Tensor]
) -> tuple[float, float, float]:
    """Summed loss, places, and rows of which every place is right: greedy decoding answers those
    exactly, since what it says is what it would go on from."""
    network = learner.network
    seen = None if group.image_of is None else features[group.size][group.image_of]
    states = network.encode(group.source, None, group.masks, features=seen)
    decoded, _ = network.decoder.states(group.previous, states, group.codes)
    counts = group.target != PAD
    wanted = group.target[counts]
    if group.symbols is None:
        logits = network.decoder.logits(decoded[counts])
    else:
        logits = network.decoder.logits_of(decoded[counts], group.symbols)
        wanted = torch.searchsorted(group.symbols, wanted)
    allowed = group.allowed
    loss = label_smoothed_loss(
        logits[:, None],
        wanted[:, None],
        LossOptions(),
        allowed=None if allowed is None else allowed[:, None],
    )
    if allowed is not None:
        logits = logits.masked_fill(~allowed, float("-inf"))
    wrong = torch.zeros(len(group.target), dtype=torch.bool, device=wanted.device)
    wrong[counts.nonzero()[:, 0][logits.argmax(-1) != wanted]] = True
    return float(loss.loss), float(loss.sample_size), float((~wrong).sum())
