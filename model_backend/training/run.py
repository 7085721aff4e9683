"""A whole training run: from a recipe and a data folder to a model folder, resumable anywhere."""

from __future__ import annotations

import csv
import io
import pickle
import time
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from model_backend.training.batches import Batches, Drawn
from model_backend.training.cache import load_pixels
from model_backend.training.dictionary import choose_dictionary, network_config
from model_backend.training.examples import ExampleMaker, all_texts
from model_backend.training.learner import ADULT, Learner, Losses, label_tables
from model_backend.training.pictures import read_pictures
from model_backend.training.problems import TrainingProblem
from model_backend.training.recipe import Recipe, Stage
from model_backend.training.saving import write_safely
from model_backend.training.split import HELD_OUT
from model_backend.training.teacher import Teacher
from model_backend.training.tutor import Tutor
from model_backend.training.wordings import read_wordings

CHECKPOINT = "checkpoint.pt"
LOG = "log.csv"
LOSSES = ("total", "closed", "films", "taught", "free", "auxiliary", "tutor")
COLUMNS = ("step", "stage", "epoch", *LOSSES, "rate", "seconds")
MAIN = ("normal", "pneumonia", "bacterial", ADULT)  # what the tutor learns first of all
SAY_EVERY = 10.0  # seconds between progress lines


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands; what a progress line says."""

    stage: str
    epoch: int  # from 1, within the stage
    epochs: int
    step: int  # from 1, of all stages
    steps: int
    loss: float
    images_per_second: float
    seconds_left: float

    def __str__(self) -> str:
        left = time.strftime("%H:%M:%S", time.gmtime(max(self.seconds_left, 0)))
        return (
            f"{self.stage} epoch {self.epoch}/{self.epochs} step {self.step}/{self.steps} "
            f"loss {self.loss:.4f} {self.images_per_second:.0f} images/s {left} left"
        )


class Run:
    """One run in one folder. `until` steps are made by `train`; a checkpoint ends each epoch."""

    def __init__(
        self, recipe: Recipe, data: Path, out: Path, *, say: Callable[[str], None] = print
    ) -> None:
        torch.set_num_threads(recipe.learning.threads)
        self.recipe = recipe
        self.data = data
        self.out = out
        self.say = say
        self.wordings = read_wordings(recipe.wordings)
        self.pictures = read_pictures(
            data, recipe.validation, adults_too=recipe.learning.adults_too
        )
        out.mkdir(parents=True, exist_ok=True)
        size = recipe.network.image_size
        self.pixels = load_pixels(self.pictures, data, size, out, say)
        learning = recipe.learning
        known = [picture for picture in self.pictures if picture.part != HELD_OUT]
        dictionary = choose_dictionary(
            all_texts(known, self.wordings, learning.modalities), recipe.network.common_lines
        )
        config = network_config(recipe.network, dictionary, learning.dropout, learning.drop_path)
        names = self._label_names()
        self.learner = Learner(config, learning, self.pictures, names, recipe.tutor)
        self._tutor: Tutor | None = None
        maker = ExampleMaker(
            self.pictures,
            self.wordings,
            rad_questions=learning.rad_questions,
            teacher=Teacher(self.pictures) if learning.taught else None,
            taught=learning.taught,
            borrowed=learning.borrowed,
            modalities=learning.modalities,
            causes=learning.causes,
        )
        self.batches = Batches(self.pictures, self.pixels, recipe, maker)
        self.done = 0
        self.seconds = 0.0
        self._resume()

    def train(self, on_progress: Callable[[Progress], None], until: int | None = None) -> None:
        """Make the steps that are left, up to `until` (all of them when None)."""
        end = self.recipe.total_steps if until is None else min(until, self.recipe.total_steps)
        self._tutor = self._taught_tutor() if self.done < end else None
        started, said, images = time.monotonic(), time.monotonic(), 0
        first = self.done
        rows: list[dict[str, Any]] = []
        while self.done < end:
            number = self.done
            index, place = self.recipe.stage_at(number)
            stage = self.recipe.stages[index]
            drawn = self.draw(number)
            rate = rate_at(stage, place)
            if self.recipe.learning.shown and place == 0 and not stage.tower_only:
                self.learner.show_findings(drawn)
            losses = self.learner.step(number, drawn, rate, stage.tower_share)
            self.done += 1
            now = time.monotonic()
            elapsed = self.seconds + now - started
            rows.append(self._row(number, stage, place, losses, rate, elapsed))
            images += len(drawn.pictures)
            ends_epoch = (place + 1) % stage.steps == 0
            if now - said > SAY_EVERY or ends_epoch or self.done == end:
                speed = images / max(now - said, 1e-9)
                left = (now - started) / (self.done - first) * (self.recipe.total_steps - self.done)
                on_progress(self._progress(stage, place, losses, speed, left))
                said, images = now, 0
            if ends_epoch or self.done == end:
                self._log(rows)
                self._save(elapsed)
                rows = []
        self.seconds += time.monotonic() - started

    def draw(self, number: int) -> Drawn:
        """The batch of one step, with what the tutor sees in it where there is one."""
        drawn = self.batches.draw(number)
        if self._tutor is None:
            return drawn
        return replace(drawn, opinion=self._tutor.look(drawn.images))

    def _label_names(self) -> list[str]:
        """What the auxiliary head and the tutor read off a picture."""
        names = [finding.name for finding in self.wordings.findings]
        return [*names, ADULT] if self.recipe.learning.adults_apart else names

    def _taught_tutor(self) -> Tutor | None:
        plan = self.recipe.tutor
        if plan is None:
            return None
        started = time.monotonic()
        names = self._label_names()
        labels, organs = label_tables(self.pictures, names)
        main = [place for place, name in enumerate(names) if name in MAIN]
        seed = self.recipe.learning.seed
        tutor = Tutor(plan, self.pictures, self.pixels, labels, organs, seed, main)
        tutor.learn(self.out, self.say)
        self.seconds += time.monotonic() - started
        return tutor

    def _progress(
        self, stage: Stage, place: int, losses: Losses, speed: float, left: float
    ) -> Progress:
        epoch = place // stage.steps + 1
        steps = self.recipe.total_steps
        return Progress(
            stage.name, epoch, stage.epochs, self.done, steps, losses.total, speed, left
        )

    def _row(
        self, number: int, stage: Stage, place: int, losses: Losses, rate: float, elapsed: float
    ) -> dict[str, Any]:
        return {
            "step": number + 1,
            "stage": stage.name,
            "epoch": place // stage.steps + 1,
            **{name: f"{value:.9g}" for name, value in asdict(losses).items()},
            "rate": f"{rate:.6g}",
            "seconds": f"{elapsed:.2f}",
        }

    def _save(self, seconds: float) -> None:
        state = {
            "version": 1,
            "recipe": self.recipe.sha256,
            "step": self.done,
            "seconds": seconds,
            "random": torch.get_rng_state(),
            **self.learner.state(),
        }
        with write_safely(self.out / CHECKPOINT) as file:
            torch.save(state, file)

    def _resume(self) -> None:
        path = self.out / CHECKPOINT
        if not path.is_file():
            self._write_log([])
            return
        try:
            if not zipfile.is_zipfile(path):
                raise ValueError("no archive")
            state = torch.load(path, weights_only=True)
        except (OSError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError) as error:
            raise TrainingProblem(
                f"The checkpoint {path} cannot be read; remove it to start anew."
            ) from error
        if state["recipe"] != self.recipe.sha256:
            raise TrainingProblem(
                f"The checkpoint {path} was made with another recipe; choose another folder "
                "with --out."
            )
        self.learner.restore(state)
        torch.set_rng_state(state["random"])
        self.done, self.seconds = int(state["step"]), float(state["seconds"])
        self._write_log([row for row in self._read_log() if int(row["step"]) <= self.done])

    def _read_log(self) -> list[dict[str, str]]:
        path = self.out / LOG
        if not path.is_file():
            return []
        with path.open(newline="", encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if row.get("seconds")]

    def _write_log(self, rows: list[dict[str, str]]) -> None:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
        with write_safely(self.out / LOG) as file:
            file.write(text.getvalue().encode("utf-8"))

    def _log(self, rows: list[dict[str, Any]]) -> None:
        with (self.out / LOG).open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, COLUMNS).writerows(rows)


def rate_at(stage: Stage, place: int) -> float:
    """Linear warm-up, then linear fall to `final` of the peak at the stage's last step."""
    steps = stage.epochs * stage.steps
    warm = max(1, int(steps * stage.warmup))
    if place < warm:
        return stage.rate * (place + 1) / warm
    left = (steps - place) / max(1, steps - warm)
    return stage.rate * (stage.final + (1 - stage.final) * left)
