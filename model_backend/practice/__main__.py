"""`python -m model_backend.practice`: train the practice model anew, then measure it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from model_backend.evaluation.card_text import card_text
from model_backend.folder import ModelFolder
from model_backend.practice.examine import measure, write_card
from model_backend.practice.train import STEPS, Training, train
from model_backend.request import ModelError

MODEL = Path(__file__).resolve().parent / "model"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, or 1 with one sentence on the error stream."""
    options = argparse.ArgumentParser(prog="python -m model_backend.practice", description=__doc__)
    options.add_argument("--out", type=Path, default=MODEL, help="the model's folder")
    options.add_argument("--steps", type=int, default=STEPS, help=f"of training ({STEPS})")
    options.add_argument("--measure", action="store_true", help="the model that is there; no more")
    given = options.parse_args(arguments)
    torch.set_num_threads(1)  # sums in another order would give another model
    try:
        if not given.measure:
            train(Training(given.steps), given.out, lambda progress: print(progress, flush=True))
        folder = ModelFolder.read(given.out)
        print(card_text(write_card(folder, measure(folder))), end="")
    except ModelError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
