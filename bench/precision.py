"""How often a model's closed answers in bf16 and int8 are those it gives in fp32.

    python bench/precision.py [--model FOLDER] [--data DIR] [--films N]

Held-out cases only: the yes/no questions of VQA-RAD on images, and the questions about chest films
of children, that the embedded model never saw. An answer agrees when it is the same candidate;
beside it stands the largest difference of a probability and, for each answer that changed, how far
from one half fp32 was. Wanted: int8 agrees on at least 99 %.

What this can show and what not: the embedded model is small (5.9 million weights, four layers,
96 pixels). Rounding adds up over layers, so a model of base size may lose more or, its products
being longer and its answers surer, less; only a trained one of that size can tell, and random
weights, whose answers hang on nothing, cannot. `--model` measures any installed one.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch comes: the network is small
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from model_backend.evaluation.asked import Asking, Said, ask_set
from model_backend.evaluation.reading import read_labelled
from model_backend.evaluation.scores import weight_of
from model_backend.folder import EMBEDDED, ModelFolder
from model_backend.models import Model, load
from model_backend.request import CHOICE

PRECISIONS = ("fp32", "bf16", "int8")
WANTED = 0.99
Key = tuple[str, int, str]  # set, line, question


@dataclass(frozen=True, slots=True)
class Closed:
    """One closed answer."""

    text: str
    probabilities: tuple[float, ...]
    is_right: bool


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=EMBEDDED)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--films", type=int, default=1200, help="questions about chest films")
    chosen = parser.parse_args()
    folder = ModelFolder.read(chosen.model)
    given = {
        precision: answers(folder, chosen.data, precision, chosen.films) for precision in PRECISIONS
    }
    plain = given["fp32"]
    print(f"{folder.name} {folder.model_version}, {len(plain)} closed answers, processor")
    print(f"{'set':26}{'precision':>10}{'right':>9}{'agrees':>9}   (95 %)          largest diff.")
    passed = True
    for name in sorted({key[0] for key in plain}) + [""]:
        for precision in PRECISIONS:
            passed &= row(name, precision, plain, given[precision])
    changed(plain, given)
    return 0 if passed else 1


def answers(folder: ModelFolder, data: Path, precision: str, films: int) -> dict[Key, Closed]:
    """Every closed answer of the model in this precision."""
    model = load(folder, "cpu", precision)
    kept = {}
    for name, one in said(folder, data, films, model):
        shares = one.answer.probabilities
        if one.case.task == CHOICE and shares:
            key = (name, one.case.line, one.case.text)
            kept[key] = Closed(one.answer.text, shares, weight_of(one) > 0)
    print(f"asked {len(kept)} in {model.identity.precision}", file=sys.stderr)
    return kept


def said(folder: ModelFolder, data: Path, films: int, model: Model) -> Iterator[tuple[str, Said]]:
    for name, part in (("vqa_rad", 0), ("cxr_pneumonia_224", films)):
        cases = read_labelled(
            data / name, split="held_out", part=part, tasks=folder.tasks, findings=folder.findings
        )
        asking = Asking(by_scores=True)
        for one in ask_set(model, cases, asking):
            yield name, one


def row(
    name: str, precision: str, plain: Mapping[Key, Closed], given: Mapping[Key, Closed]
) -> bool:
    """Print one line; whether int8 over everything agrees as often as is wanted."""
    keys = [key for key in plain if name in ("", key[0])]
    same = sum(given[key].text == plain[key].text for key in keys)
    right = sum(given[key].is_right for key in keys) / len(keys)
    apart = max(difference(plain[key], given[key]) for key in keys)
    low, high = wilson(same, len(keys))
    share = same / len(keys)
    print(
        f"{name or 'together':26}{precision:>10}{right:9.1%}{share:9.2%}"
        f"   ({low:.2%} to {high:.2%})   {apart:.4f}"
    )
    return name != "" or precision != "int8" or share >= WANTED


def changed(plain: Mapping[Key, Closed], given: Mapping[str, Mapping[Key, Closed]]) -> None:
    """How sure fp32 was of the answers that changed."""
    for precision in PRECISIONS[1:]:
        sure = sorted(
            max(one.probabilities)
            for key, one in plain.items()
            if given[precision][key].text != one.text
        )
        if sure:
            print(
                f"{precision}: {len(sure)} answers changed; fp32 gave them "
                f"{sure[0]:.3f} to {sure[-1]:.3f}, half of them below {sure[len(sure) // 2]:.3f}"
            )
        else:
            print(f"{precision}: no answer changed")


def difference(one: Closed, other: Closed) -> float:
    return max(abs(a - b) for a, b in zip(one.probabilities, other.probabilities, strict=True))


def wilson(hits: int, count: int, z: float = 1.96) -> Sequence[float]:
    """The 95 % interval of a share (Wilson 1927)."""
    share, root = hits / count, z * z / count
    middle = (share + root / 2) / (1 + root)
    half = z / (1 + root) * math.sqrt(share * (1 - share) / count + root / (4 * count))
    return middle - half, min(middle + half, 1.0)


if __name__ == "__main__":
    sys.exit(main())
