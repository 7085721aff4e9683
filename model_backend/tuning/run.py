"""A whole run: from a recipe and data sets to weights, taken up again wherever it was stopped."""

from __future__ import annotations

import hashlib
import math
import shutil
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model_backend.biomedgpt.prompts import Prompter
from model_backend.biomedgpt.tokenizer import Tokenizer
from model_backend.datasets.reading import Dataset, open_dataset
from model_backend.datasets.row import VALIDATION
from model_backend.datasets.writing import FILE
from model_backend.training.problems import TrainingProblem
from model_backend.tuning import adapters, kept
from model_backend.tuning.batch import Batch, Collator
from model_backend.tuning.cost import parameters
from model_backend.tuning.examples import ExampleMaker, Ready
from model_backend.tuning.learner import Learner, Update
from model_backend.tuning.logs import Board, Log, Progress, Voice
from model_backend.tuning.objectives import OBJECTIVES, Objectives
from model_backend.tuning.opening import Begun, begin
from model_backend.tuning.recipe import AUTO, Source, TuningRecipe
from model_backend.tuning.schedule import rate_at, total_updates
from model_backend.tuning.stream import Ahead, Mixture, Stream
from model_backend.tuning.validation import Score, Validator
from model_backend.tuning.world import World

CHECKPOINT, BEST = "checkpoint.pt", "best.pt"
SAY_EVERY = 5.0  # seconds
EMPTY_BATCHES = 20  # one after the other, after which a run gives up
SHOWN = 3  # rows that are named of each reason


@dataclass
class _Mark:
    """Where the last line was said."""

    at: float
    images: int = 0
    waited: float = 0.0


class Run:
    """One run in one folder, in one of its processes."""

    def __init__(
        self, recipe: TuningRecipe, data: Path, out: Path, models: Path, world: World, voice: Voice
    ) -> None:
        tuning = recipe.tuning
        if tuning.threads:
            torch.set_num_threads(tuning.threads)
        self.recipe, self.out, self.world, self.voice = recipe, out, world, voice
        self.datasets = {one.data: open_dataset(data / one.data) for one in recipe.sources}
        self.digests = {name: digest(one) for name, one in self.datasets.items()}
        self.begun: Begun = begin(recipe, models)
        network = self.begun.network
        if recipe.adapters is not None:
            adapters.inject(network, recipe.adapters)
        self.learner = Learner(network, tuning, world)
        tokenizer = Tokenizer(self.begun.config)
        wordings = self.begun.parent.prompts if self.begun.parent else {}
        prompter = Prompter(tokenizer, self.begun.prompt_type, wordings)
        objectives = Objectives(self.begun.config, prompter)
        maker = ExampleMaker(objectives, self.begun.statistics, tuning.seed)
        collator = Collator(tuning, tokenizer.first_code)
        self.streams = [self._stream(*one) for one in enumerate(recipe.sources)]
        self.mixture = Mixture(self.streams, maker, collator, self.begun.size, tuning.seed)
        self.validator = self._validator(replace(maker, augments=False), tokenizer)
        first = self.streams[0]
        rows = first.ready.source.rows
        self.updates = total_updates(tuning, first.count, rows, world.size)
        once = replace(tuning, steps=0, epochs=1)
        self.epoch = total_updates(once, first.count, rows, world.size)
        self.done, self.seconds, self.failed_saves = 0, 0.0, 0
        self.left_out: Counter[tuple[str, str]] = Counter()
        self.score: Score | None = None
        self.best: Score | None = None
        self.since_best = 0
        self.stopped_early = False
        out.mkdir(parents=True, exist_ok=True)
        self._resume()

    # --- what a run is made of ---

    def _stream(self, number: int, source: Source) -> Stream:
        dataset = self.datasets[source.data]
        for objective in source.objectives:
            if objective not in (AUTO, *OBJECTIVES):
                raise TrainingProblem(
                    f"There is no objective {objective!r}; choose of {', '.join(OBJECTIVES)}."
                )
        answers: tuple[str, ...] = ()
        for task in dataset.tasks:
            answers += tuple(one for one in dataset.answers(task) if one not in answers)
        if source.answers and len(answers) < 2:
            self.voice.say(
                f"{source.data}: its training part knows {len(answers)} answer(s), so that its "
                "constrained questions teach nothing."
            )
        size = source.image_size or self.begun.size
        return Stream(Ready(number, source, size, answers), dataset, self.recipe.tuning.seed)

    def _validator(self, maker: ExampleMaker, tokenizer: Tokenizer) -> Validator | None:
        tuning = self.recipe.tuning
        streams = [one.of_part(VALIDATION) for one in self.streams if one.dataset.count(VALIDATION)]
        if not streams or not tuning.validation_rows:
            return None
        plain = Collator(replace(tuning, patches=0, decoder_noise=0.0), tokenizer.first_code)
        return Validator(streams, maker, plain, self.begun.size, tuning.validation_rows)

    @property
    def objectives(self) -> tuple[str, ...]:
        """The objectives whose losses the log has a column for."""
        named = [name for one in self.recipe.sources for name in one.objectives if name != AUTO]
        for one in self.streams:
            if AUTO in one.ready.source.objectives:
                named += one.dataset.tasks
        return tuple(dict.fromkeys(named))

    # --- the loop ---

    def train(self, until: int | None = None) -> None:
        """Make the updates that are left, up to `until` (all of them when None)."""
        end = self.updates if until is None else min(until, self.updates)
        tuning, world = self.recipe.tuning, self.world
        if self.done >= end or self.stopped_early:
            return
        log = Log(self.out, self.objectives, self.done) if world.is_first else None
        board = Board(self.out, self.done) if world.is_first else None
        source = self.mixture.batches(self.done, world.rank, world.size, tuning.accumulate)
        began, first, empty = time.monotonic(), self.done, 0
        mark = _Mark(began)
        rows: list[dict[str, Any]] = []
        with Ahead(source) as ahead:
            while self.done < end and not self.stopped_early:
                asked = time.monotonic()
                batches = [ahead.next() for _ in range(tuning.accumulate)]
                waited = time.monotonic() - asked
                self._count(batches)
                rate = rate_at(tuning, self.done, self.updates)
                update = self.learner.update(self.done, batches, rate)
                empty = empty + 1 if not update.places else 0
                self._check(update, empty)
                self.done += 1
                now = time.monotonic()
                images = sum(one.pictures for one in batches) * world.size
                mark.images, mark.waited = mark.images + images, mark.waited + waited
                rows.append(self._row(update, rate, images, waited, self.seconds + now - began))
                if now - mark.at > SAY_EVERY or self.done == end:
                    left = (now - began) / (self.done - first) * (self.updates - self.done)
                    self._say(update, rate, mark, now, left)
                    mark = _Mark(now)
                if self._pauses(end):
                    self._pause(rows, log, board, self.seconds + now - began, self.done == end)
                    rows = []
        self.seconds += time.monotonic() - began
        if board is not None:
            board.close()

    def _pauses(self, end: int) -> bool:
        """Whether a checkpoint is due."""
        every = self.recipe.tuning.save_every
        return self._validates() or self.done == end or (every > 0 and self.done % every == 0)

    def _validates(self) -> bool:
        every = self.recipe.tuning.validate_every or self.epoch
        return self.validator is not None and (self.done % every == 0 or self.done == self.updates)

    def _pause(
        self,
        rows: list[dict[str, Any]],
        log: Log | None,
        board: Board | None,
        seconds: float,
        is_last: bool,
    ) -> None:
        """Validate where it is due, write down, save."""
        if self._validates():
            self._validate()
            if board is not None and self.score is not None:
                scores = {"validation/loss": self.score.loss, "validation/exact": self.score.exact}
                board.add(self.done, scores)
        if log is not None and board is not None:
            log.add(rows)
            for row in rows:
                named = ("loss", "rate", "norm", *self.objectives)
                values = {f"train/{name}": float(row[name]) for name in named if name in row}
                board.add(int(row["update"]), values)
        self._save(seconds, is_last=is_last or self.stopped_early)

    def _check(self, update: Update, empty: int) -> None:
        """Raise TrainingProblem where going on makes no sense."""
        if empty >= EMPTY_BATCHES:
            raise TrainingProblem(
                f"{EMPTY_BATCHES} batches one after the other had no usable row. "
                + " ".join(self.told_left_out())
            )
        if not update.skipped and not math.isfinite(update.loss):
            raise TrainingProblem(
                f"The loss of update {self.done + 1} is no number. Choose a smaller rate; the last "
                f"checkpoint is of an update before it."
            )

    def _validate(self) -> None:
        assert self.validator is not None
        tuning = self.recipe.tuning
        self.score = self.validator.score(self.learner, self.world)
        if self.score is None:
            return
        self.voice.say(
            f"validation after update {self.done}: loss {self.score.loss:.4f}, exact "
            f"{self.score.exact:.4f} of {self.score.examples}",
            loss=self.score.loss,
            exact=self.score.exact,
        )
        by = "loss" if tuning.best == "last" else tuning.best
        if self.score.better_than(self.best, by):
            self.best, self.since_best = self.score, 0
            if tuning.best != "last" and self.world.is_first:
                kept.save(self.out / BEST, {"network": self.kept_entries()})
        else:
            self.since_best += 1
            self.stopped_early = 0 < tuning.patience <= self.since_best
            if self.stopped_early:
                self.voice.say(f"stopped early: {self.since_best} validations were no better.")

    def kept_entries(self) -> dict[str, Tensor]:
        """The entries that are kept of the weights as they are now."""
        return self.learner.average or self.learner.state()["network"]

    # --- what is said and written ---

    def _count(self, batches: list[Batch]) -> None:
        for batch in batches:
            for data, row, why in batch.left_out:
                self.left_out[data, why] += 1
                if self.left_out[data, why] <= SHOWN:
                    self.voice.say(f"{data}: the row {row} is left out: {why}.", row=row, why=why)

    def told_left_out(self) -> list[str]:
        """A sentence for each reason."""
        return [
            f"{data}: left out {count} times: {why}."
            for (data, why), count in sorted(self.left_out.items())
        ]

    def _row(
        self, update: Update, rate: float, images: int, waited: float, seconds: float
    ) -> dict[str, Any]:
        return {
            "update": self.done,
            "epoch": (self.done - 1) // self.epoch + 1,
            "loss": f"{update.loss:.9g}",
            "rate": f"{rate:.6g}",
            "norm": f"{update.norm:.9g}",
            "places": update.places,
            "images": images,
            "left_out": sum(self.left_out.values()),
            **{name: f"{loss:.9g}" for name, loss in update.each.items()},
            "waited": f"{waited:.4f}",
            "seconds": f"{seconds:.2f}",
        }

    def _say(self, update: Update, rate: float, mark: _Mark, now: float, left: float) -> None:
        passed = max(now - mark.at, 1e-9)
        epoch = (self.done - 1) // self.epoch + 1
        self.voice.show(
            Progress(
                self.done,
                self.updates,
                epoch,
                update.loss,
                rate,
                mark.images / passed,
                mark.waited / passed,
                left,
            )
        )

    # --- checkpoints ---

    def _state(self, seconds: float) -> dict[str, Any]:
        return {
            "recipe": self.recipe.sha256,
            "data": self.digests,
            "processes": self.world.size,
            "update": self.done,  # places in the data and all random numbers follow from it
            "seconds": seconds,
            "left_out": [[*reason, count] for reason, count in self.left_out.items()],
            "best": self.best and [self.best.loss, self.best.exact, self.best.examples],
            "since_best": self.since_best,
            "stopped_early": self.stopped_early,
            **self.learner.state(),
        }

    def _save(self, seconds: float, *, is_last: bool) -> None:
        """A checkpoint. One that fails is told and counted; only the last one has to be there."""
        if not self.world.is_first:
            return
        try:
            kept.save(self.out / CHECKPOINT, self._state(seconds))
        except TrainingProblem as error:
            self.failed_saves += 1
            if is_last:
                raise
            self.voice.say(f"{error} ({self.failed_saves} failed so far; the run goes on.)")

    def _resume(self) -> None:
        state = kept.load(self.out / CHECKPOINT, self.recipe.sha256, self.digests, self.world.size)
        if state is None:
            return
        self.learner.restore(state)
        self.done, self.seconds = int(state["update"]), float(state["seconds"])
        self.left_out = Counter({(data, why): count for data, why, count in state["left_out"]})
        self.best = Score(*state["best"]) if state["best"] else None
        self.since_best = int(state["since_best"])
        self.stopped_early = bool(state["stopped_early"])

    def estimate(self) -> dict[str, float]:
        """Seconds and bytes that the run will take, from the time of a step on its first batch."""
        source = self.mixture.batches(self.done, self.world.rank, self.world.size, 1)
        batch = next(source)
        source.close()  # type: ignore[attr-defined]
        seconds = self.learner.rehearse(batch) if batch.groups else 0.0
        left = self.updates - self.done
        learnt = sum(one.numel() for one in self.learner.learnt)
        count = parameters(self.begun.config)
        device = self.world.device
        peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else peak_bytes()
        copies = 2 + (1 if self.recipe.tuning.ema else 0)
        return {
            "updates": left,
            "seconds_of_batch": seconds,
            "seconds": seconds * left * self.recipe.tuning.accumulate,
            "bytes": peak + 8 * learnt + (4 * count if self.recipe.tuning.ema else 0),
            "parameters": count,
            "learnt": learnt,
            "checkpoint_bytes": 4 * count * (copies - 1) + 8 * learnt,
            "free_bytes": shutil.disk_usage(self.out).free,
        }


def peak_bytes() -> int:
    """The most memory that this process had."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def digest(dataset: Dataset) -> str:
    """SHA-256 of what describes a data set: its files, their sizes and counts."""
    return hashlib.sha256((dataset.folder / FILE).read_bytes()).hexdigest()
