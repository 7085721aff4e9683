"""How fast a training step is: images a second beside a plain loop and the machine's floors.

    python bench/training.py [--only steps,data,cost,corpus] [--sizes small,base]
                             [--threads N] [--quick] [--markdown]

Both loops learn the same questions about the same pictures with the same network. The plain one is
what one writes first: float32, eager, logits over the whole vocabulary at every place, AdamW. They
take turns, so that load hits both alike; seconds are medians. Floors are the products of the
transformer at the machine's matrix rate, and the bytes of the tower's maps at its memory's rate.
Exit code 1 when a figure misses what is wanted.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402  # after the path is set
import torch  # noqa: E402
from PIL import Image  # noqa: E402

from bench.floors import Machine  # noqa: E402
from bench.measured_steps import Ours, Plain, batch_of  # noqa: E402
from bench.rows import Row, as_markdown, as_text  # noqa: E402
from bench.training_cost import corpus_lines, cost_rows  # noqa: E402
from model_backend.biomedgpt.config import SIZES, OFAConfig  # noqa: E402
from model_backend.datasets.row import Row as Example  # noqa: E402
from model_backend.datasets.writing import DatasetWriter  # noqa: E402
from model_backend.tuning.cost import Shape, products, tower_bytes  # noqa: E402
from model_backend.tuning.logs import Voice  # noqa: E402
from model_backend.tuning.recipe import Source, Tuning, TuningRecipe  # noqa: E402
from model_backend.tuning.run import Run  # noqa: E402
from model_backend.tuning.stream import Ahead  # noqa: E402
from model_backend.tuning.world import World  # noqa: E402

SIDES = {"small": 256, "medium": 256, "base": 384}  # pixels, as VQA fine-tuning has it (spec 7)
ROWS = {"small": 8, "medium": 4, "base": 2}  # of one batch on a processor
ON_CARD = 64
PLAIN_RATIO = {"cpu": 1.5, "cuda": 3.0}  # wanted
OF_RATE = 0.4  # of the bf16 matrix rate in the transformer's layers, on a card
WORDS = "is there a fracture of the left clavicle and where does the catheter lie".split()
ANSWERS = ("yes", "no", "left lung", "right upper lobe", "pleural effusion")


@dataclass(frozen=True)
class Sitting:
    """The settings of one run of this program."""

    data: Path
    device: torch.device
    turns: int

    @property
    def is_card(self) -> bool:
        return self.device.type == "cuda"


def write_questions(folder: Path, count: int) -> None:
    """Questions about noisy JPEG pictures of 512 pixels a side."""
    chance = np.random.default_rng(1)
    with DatasetWriter(folder, name="questions", source="made", licence="none") as writer:
        for number in range(count):
            coarse = chance.integers(0, 255, (16, 16, 3), np.uint8)
            image = Image.fromarray(coarse).resize((512, 512), Image.Resampling.BICUBIC)
            file = io.BytesIO()
            image.save(file, "JPEG", quality=90)
            words = chance.choice(WORDS, 9)
            writer.write(
                Example(
                    id=str(number),
                    task="choice",
                    part="train",
                    group=str(number),
                    images=(file.getvalue(),),
                    text=" ".join(words),
                    answer=str(chance.choice(ANSWERS)),
                    candidates=ANSWERS,
                )
            )


def recipe_of(config: OFAConfig, side: int, rows: int) -> TuningRecipe:
    """The published recipe of VQA fine-tuning (spec 10.3)."""
    tuning = Tuning(
        rate=5e-5,
        label_smoothing=0.1,
        ema=0.9999,
        prompt_type="prev_output",
        frozen=("embeddings",),
        image_size=side,
        validation_rows=0,
    )
    source = Source("questions", rows=rows, constrained=True, augment="film")
    return TuningRecipe("bench", "0", "", "", tuning, (source,), None, config, "0" * 64)


def run_of(sitting: Sitting, config: OFAConfig, side: int, rows: int, out: str) -> Run:
    world = World(0, 1, sitting.device)
    recipe = recipe_of(config, side, rows)
    folder = sitting.data / out
    return Run(recipe, sitting.data, folder, folder, world, Voice(False, silent=True))


def step_rows(sitting: Sitting, size: str, machine: Machine) -> Iterator[Row]:
    """Images a second of both loops, and what the floors say."""
    side = SIDES[size]
    rows = ON_CARD if sitting.is_card else ROWS[size]
    config = replace(SIZES[size], patch_image_size=side)
    run = run_of(sitting, config, side, rows, f"steps-{size}")
    batch = batch_of(run)
    ours, plain = Ours(run, batch), Plain(config, run, batch)
    seconds: dict[str, list[float]] = {"ours": [], "plain": [], "layers": []}  # in this order
    for _ in range(sitting.turns):
        machine.look()
        seconds["plain"].append(plain.step())
        seconds["ours"].append(ours.step())
        seconds["layers"].append(ours.layers())
    mine, theirs, layers = map(statistics.median, seconds.values())
    ratio, wanted = theirs / mine, PLAIN_RATIO[sitting.device.type]
    where = f"{size}, {side} px, {rows} images"
    yield Row(
        f"training step, {where}",
        f"at least {wanted} times a plain eager fp32 loop",
        f"{rows / mine:.2f} images/s, the plain loop {rows / theirs:.2f}: {ratio:.2f} times",
        ratio >= wanted,
    )
    rates = machine.rates()
    group = batch.groups[0]
    shape = Shape(side, group.source.shape[1], group.target.shape[1], 32)
    one = products(config, shape)
    floor = rows * (6 * one.layers / rates.bf16)
    # On a card 40 % of its rate is wanted; a processor's figure is given beside it.
    share = floor / layers
    yield Row(
        f"transformer layers alone, there and back, {where}",
        f"at least {OF_RATE:.0%} of the bf16 matrix rate on a card",
        f"{layers * 1e3:.0f} ms, {share:.0%} of {rates.bf16 / 1e9:.0f} GFLOP/s",
        share >= OF_RATE if sitting.is_card else None,
    )
    # Each map is written once and read twice on the way there and back, its gradient as often.
    stem_bytes = rows * tower_bytes(config, side, 2) * 3 / rates.read
    stem_products = rows * 6 * one.tower / rates.bf16
    stem = max(stem_bytes, stem_products)
    yield Row(
        f"the whole step against its floors, {where}",
        "told",
        f"{mine * 1e3:.0f} ms; layers {floor * 1e3:.0f} + stem {stem * 1e3:.0f} (bytes "
        f"{stem_bytes * 1e3:.0f}, products {stem_products * 1e3:.0f}): "
        f"{mine / (floor + stem):.1f} times",
    )


def data_rows(sitting: Sitting, size: str) -> Iterator[Row]:
    """How fast batches are made, beside how fast they are used."""
    side = SIDES[size]
    rows = ON_CARD if sitting.is_card else ROWS[size]
    config = replace(SIZES[size], patch_image_size=side)
    run = run_of(sitting, config, side, rows, f"data-{size}")
    with Ahead(run.mixture.batches(0, 0, 1, 1)) as ahead:
        ahead.next()
        begun = time.perf_counter()
        count = max(256 // rows, 4)
        for _ in range(count):
            ahead.next()
        made = count * rows / (time.perf_counter() - begun)
        used, waited, begun = 0, 0.0, time.perf_counter()
        for number in range(max(sitting.turns, 3)):
            asked = time.perf_counter()
            batch = ahead.next()
            waited += time.perf_counter() - asked
            run.learner.update(number, [batch], 1e-5)
            used += rows
        passed = time.perf_counter() - begun
    yield Row(
        f"data loading, {size}, JPEG of 512 px, film augmentation",
        "never the limit",
        f"{made:.0f} images/s are made, {used / passed:.2f} used; the step waited "
        f"{waited / passed:.1%} of its time",
        waited / passed < 0.05,
    )


def main() -> int:
    """Exit code 0 when everything that is wanted holds."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--only", default="steps,data,cost")
    options.add_argument("--sizes", default="small,base")
    options.add_argument("--quick", action="store_true", help="fewer turns")
    options.add_argument("--threads", type=int, default=torch.get_num_threads())
    options.add_argument("--markdown", action="store_true")
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        sitting = Sitting(Path(folder), device, 2 if given.quick else 5)
        write_questions(sitting.data / "questions", 512)
        machine = Machine(given.threads, device.type)
        for size in given.sizes.split(","):
            if "steps" in given.only:
                rows += step_rows(sitting, size, machine)
            if "data" in given.only:
                rows += data_rows(sitting, size)
        if "cost" in given.only:
            rows += cost_rows(3 if given.quick else 5, given.threads)
    if "corpus" in given.only:
        print("\n".join(corpus_lines()))
    print(as_markdown(rows) if given.markdown else as_text(rows))
    return int(any(row.holds is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
