"""One size's step: its seconds, its peak memory, and what the cost model counts for it."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch  # noqa: E402  # after the path is set

from bench.measured_steps import batch_of  # noqa: E402
from bench.training import Sitting, run_of, write_questions  # noqa: E402
from model_backend.biomedgpt.config import SIZES  # noqa: E402
from model_backend.tuning.cost import Shape, memory, parameters, products  # noqa: E402
from model_backend.tuning.run import peak_bytes  # noqa: E402

SIDE, ROWS = 256, 4


def main() -> int:
    """Prints one JSON object."""
    size, turns, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(threads)
    config = replace(SIZES[size], patch_image_size=SIDE)
    before = peak_bytes()
    with tempfile.TemporaryDirectory() as folder:
        sitting = Sitting(Path(folder), torch.device("cpu"), turns)
        write_questions(sitting.data / "questions", 16)
        run = run_of(sitting, config, SIDE, ROWS, "run")
        batch = batch_of(run)
        run.learner.update(0, [batch], 1e-5)
        seconds = statistics.median(run.learner.rehearse(batch) for _ in range(turns))
        run.learner.update(1, [batch], 1e-5)
    group = batch.groups[0]
    shape = Shape(SIDE, group.source.shape[1], group.target.shape[1], 32)
    one = products(config, shape)
    learnt = sum(weight.numel() for weight in run.learner.learnt)
    predicted = memory(config, shape, ROWS, learnt=learnt, averaged=True)
    found = {
        "seconds": seconds,
        "tower": 6 * ROWS * one.tower,
        "rest": 6 * ROWS * (one.layers + one.vocabulary),
        "bytes": peak_bytes() - before,
        "predicted_bytes": predicted.total,
        "parameters": parameters(config),
    }
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
