"""How fast the model answers: every figure as a ratio to references and floors of the same run.

    python bench/model.py [--only step,caption,questions,start,cancel,gpu] [--quick] [--markdown]

A base network with random weights is written and loaded as a user's model would be. The references
are BART-base of the same widths in transformers and in CTranslate2, each contender in a process of
its own, asked in turns so that load hits all alike; floors are measured between the turns. Seconds
are medians over the turns. Exit code 1 when a figure misses what is wanted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.apart import Apart, Missing  # noqa: E402  # after the path is set
from bench.cancel import delays  # noqa: E402
from bench.floors import BYTES, Counts, Machine, counts  # noqa: E402
from bench.ours import QUESTIONS, Ours, Shared, caption_request, random_model  # noqa: E402
from bench.references import CTranslate2, HuggingFace, ctranslate2_precisions  # noqa: E402
from bench.rows import Row, as_markdown, as_text  # noqa: E402
from bench.startup import first_answers, import_torch  # noqa: E402
from model_backend.biomedgpt.config import SIZES, OFAConfig  # noqa: E402

BEAM = 5
CAPTION = 60  # symbols
LONG = 40  # symbols of the text that a decoding step is taken from
LONGEST = 75.0  # seconds after which a row begins no new turn
FIRST = "transformers fp32"  # what ratios are given to
TEXT = 14  # source symbols beside the picture's patches: 590 at 384 pixels


@dataclass
class Bench:
    """One sitting: the settings, the machine, and the contenders that were started."""

    config: OFAConfig
    folder: Path
    side: int
    threads: int
    turns: int
    precisions: tuple[str, ...]
    machine: Machine
    started: dict[str, Apart] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    @property
    def source(self) -> int:
        return (self.side // 16) ** 2 + TEXT

    @property
    def counts(self) -> Counts:
        return counts(self.config, self.side, TEXT)

    def ours(self) -> dict[str, Apart]:
        """Our model in each precision, by its name."""
        for precision in self.precisions:
            name = f"ours {precision}"
            given = (self.folder, precision, self.threads, self.source)
            self._start(name, Ours, *given)
        return self._started("ours")

    def references(self) -> dict[str, Apart]:
        """Every reference that this machine has."""
        given = (self.threads, self.source)
        for precision in ("fp32", "bf16"):
            self._start(f"transformers {precision}", HuggingFace, self.config, precision, *given)
        place = self.folder.parent / "ctranslate2"
        place.mkdir(exist_ok=True)
        for precision in ctranslate2_precisions() or ["float32"]:
            name = f"CTranslate2 {precision}"
            self._start(name, CTranslate2, self.config, precision, *given, place)
        return self._started("transformers") | self._started("CTranslate2")

    def close(self) -> None:
        for contender in self.started.values():
            contender.close()
        self.started.clear()

    def _started(self, kind: str) -> dict[str, Apart]:
        return {name: one for name, one in self.started.items() if name.startswith(kind)}

    def _start(self, name: str, factory: type, *arguments: object) -> None:
        if name in self.started or name in self.absent:
            return
        try:
            self.started[name] = Apart(factory, *arguments)
        except Missing as problem:
            self.absent[name] = str(problem)
            print(f"  left out: {name}. {problem}.")


@dataclass(frozen=True)
class Spread:
    """Seconds of one thing over all turns."""

    seconds: Sequence[float]

    @property
    def middle(self) -> float:
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        low, high = min(self.seconds), max(self.seconds)
        return f"{self.middle * 1e3:8.1f} ms  ({low * 1e3:.1f} to {high * 1e3:.1f})"


def in_turns(
    bench: Bench, contenders: dict[str, Apart], call: str, *given: object
) -> dict[str, list[Any]]:
    """Every contender once a turn, after one turn that does not count; fewer on a slow machine."""
    seen: dict[str, list[Any]] = {name: [] for name in contenders}
    end = time.monotonic() + LONGEST
    for turn in range(bench.turns + 1):
        if turn > 1 and time.monotonic() > end:
            break
        bench.machine.look()
        for name, contender in contenders.items():
            time.sleep(0.3)  # the threads of some libraries spin for a while after their work
            result = contender(call, *given)
            if turn > 0:
                seen[name].append(result)
    return seen


def step(bench: Bench) -> Iterator[Row]:
    """A decoding step against the references and the memory's floor."""
    contenders = bench.references() | bench.ours()
    seen = in_turns(bench, contenders, "step", BEAM, LONG)
    times = {name: Spread(seconds) for name, seconds in seen.items()}
    rates = bench.machine.rates()
    reference = times.get(FIRST)
    rivals = [one.middle for name, one in times.items() if name.startswith("CTranslate2")]
    for name, spread in times.items():
        ratio = (
            f"{reference.middle / spread.middle:5.2f} times transformers fp32" if reference else ""
        )
        print(f"  {name:26} {spread}  {ratio}", flush=True)
    for precision in bench.precisions:
        floor = bench.counts.step_weights * BYTES[precision] / rates.read
        ours = times[f"ours {precision}"].middle
        print(f"  floor {precision:20} {floor * 1e3:8.1f} ms  ours: {ours / floor:.2f} times")
        wanted = 2.5 if precision == "fp32" else 4.0
        if reference is not None:
            found = reference.middle / ours
            yield Row(
                f"decoding step, beam {BEAM}, {precision}",
                f"at least {wanted} times the rate of {FIRST}",
                f"{ours * 1e3:.1f} ms, {found:.2f} times; floor {floor * 1e3:.1f} ms",
                found >= wanted,
            )
        if rivals and precision != "fp32":
            found = min(rivals) / ours
            yield Row(
                f"the same, {precision}",
                "not slower than CTranslate2's best",
                f"{found:.2f} times its rate ({min(rivals) * 1e3:.1f} ms)",
                found >= 1,
            )


def caption(bench: Bench) -> Iterator[Row]:
    """A caption from pixels to text against the floors of memory and products."""
    seen = in_turns(bench, bench.ours(), "caption", BEAM, CAPTION)
    rates, work = bench.machine.rates(), bench.counts
    for name, found in seen.items():
        precision = name.split()[1]
        stem = work.stem / rates.products(precision)
        encoder = work.encoder / rates.products(precision)
        steps = CAPTION * work.step_weights * BYTES[precision] / rates.read
        floor = stem + encoder + steps
        whole, stems, encoders = (Spread(one) for one in zip(*found, strict=True))
        middle = whole.middle
        rest = middle - stems.middle - encoders.middle
        print(f"  {name:26} {whole}  {middle / floor:.2f} times the floor")
        print(
            f"    stem {stems.middle:.3f} s, floor {stem:.3f}; encoder {encoders.middle:.3f} s, "
            f"floor {encoder:.3f}; {CAPTION} steps and the rest {rest:.3f} s, floor {steps:.3f}",
            flush=True,
        )
        wanted = 3 if precision == "int8" else 2
        yield Row(
            f"caption of {CAPTION} tokens, beam {BEAM}, {precision}",
            f"within {wanted} times the floor",
            f"{middle:.2f} s, {middle / floor:.2f} times; floor {floor:.2f} s",
            middle <= wanted * floor,
        )


def questions(bench: Bench) -> Iterator[Row]:
    """Many closed questions about one picture."""
    count = len(QUESTIONS)
    for name, found in in_turns(bench, bench.ours(), "questions", count).items():
        results: list[Shared] = found
        ratio = statistics.median(one.ratio(count) for one in results)
        together = Spread([one.together for one in results])
        stems = max(one.stems for one in results)
        largest = max(one.largest for one in results)
        print(f"  {name:26} {together}  {ratio:.2f} times its parts, {stems} stem")
        equal = all(one.are_equal for one in results)
        yield Row(
            f"{count} closed questions on one image, {name.split()[1]}",
            "at most 1.15 times one stem and each question's own part; one stem; equal answers",
            f"{together.middle:.2f} s, {ratio:.2f} times, {stems} stem, "
            + ("equal" if equal else f"probabilities differ by {largest:.1e}"),
            ratio <= 1.15 and stems == 1 and equal,
        )


def start(bench: Bench) -> Iterator[Row]:
    """From nothing to the first answer, and the most memory that the process ever held."""
    bench.close()  # their memory and their threads
    torch_seconds, torch_bytes = import_torch()
    print(f"  import torch alone         {torch_seconds * 1e3:8.1f} ms, {torch_bytes / 1e6:.0f} MB")
    for precision in bench.precisions:
        found = first_answers(bench.folder, precision, bench.threads, min(3, bench.turns))
        allowed = 1.3 * found.weights * BYTES[precision] + torch_bytes + 200e6
        print(f"  {precision:26} {Spread(found.seconds)}  {found.breakdown}")
        yield Row(
            f"process start to the first answer, {precision}",
            f"at most {allowed / 1e6:.0f} MB (1.3 times the weights, import torch, 200 MB)",
            f"{Spread(found.seconds).middle:.2f} s; peak {found.peak / 1e6:.0f} MB",
            found.peak <= allowed,
        )


def cancel(bench: Bench) -> Iterator[Row]:
    """Cancelled at moments spread over stem, encoder and decoding, in the default precision."""
    bench.close()
    found = delays(bench.folder, caption_request(CAPTION), bench.threads, 6 * min(4, bench.turns))
    yield Row(
        f"cancel at {found.times} moments of a caption, {found.precision or 'auto'}",
        "250 ms, and the model stays loaded",
        f"asker free after at most {found.asker * 1e3:.0f} ms, model after "
        f"{found.model * 1e3:.0f} ms (median {found.median * 1e3:.0f} ms)"
        + ("" if found.stays_loaded else "; it was started anew"),
        max(found.asker, found.model) <= 0.25 and found.stays_loaded,
    )


def gpu(bench: Bench) -> Iterator[Row]:
    """The rows of a graphics card, where there is one."""
    import torch

    bench.close()
    if not torch.cuda.is_available():
        yield Row("answer, 60-token caption and throughput on a GPU", "", "not run: no GPU here")
        return
    from bench.gpu import rows

    yield from rows(bench.folder, bench.source, bench.counts, CAPTION, BEAM)


WORK: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "step": step,
    "caption": caption,
    "questions": questions,
    "start": start,
    "cancel": cancel,
    "gpu": gpu,
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(WORK), help="rows, parted by commas")
    parser.add_argument("--size", choices=SIZES, default="base")
    parser.add_argument("--side", type=int, default=384, help="of the picture, in pixels")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precisions", default="fp32,bf16,int8")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one turn instead of five")
    parser.add_argument("--markdown", action="store_true", help="end with a table for docs")
    given = parser.parse_args()
    wanted = [name for name in given.only.split(",") if name]
    if unknown := sorted(set(wanted) - set(WORK)):
        parser.error(f"there is no row {', '.join(unknown)}; there are {', '.join(WORK)}")
    os.environ["OMP_NUM_THREADS"] = str(given.threads)  # of the contenders, as the worker does
    begun = time.perf_counter()
    rows: list[Row] = []
    with sitting(given) as bench:
        for name, work in WORK.items():
            if name in wanted:
                print(f"{name}: {(work.__doc__ or '').strip()}", flush=True)
                rows.extend(work(bench))
        rates = bench.machine.rates() if bench.machine.looked else None
    print()
    if rates is not None:
        print(
            f"floors: memory reads {rates.read / 1e9:.1f} GB/s, products {rates.fp32 / 1e9:.0f} "
            f"GFLOP/s fp32, {rates.bf16 / 1e9:.0f} bf16 (medians of {bench.machine.looked} looks)"
        )
    print(f"{time.perf_counter() - begun:.0f} s; load average {_load()}")
    print(as_markdown(rows) if given.markdown else as_text(rows))
    return 1 if any(row.holds is False for row in rows) else 0


@contextmanager
def sitting(given: argparse.Namespace) -> Iterator[Bench]:
    """The model written to a temporary folder, and what measures; all gone afterwards."""
    config = SIZES[given.size]
    turns = 1 if given.quick else given.turns
    with tempfile.TemporaryDirectory() as place:
        folder = random_model(config, Path(place) / "random", given.side).path
        machine = Machine(given.threads)
        precisions = tuple(given.precisions.split(","))
        bench = Bench(config, folder, given.side, given.threads, turns, precisions, machine)
        work = bench.counts
        print(
            f"{given.size}, {given.side} pixels, {bench.source} source positions, {given.threads} "
            f"threads, {turns} turns; load average {_load()}\n"
            f"work: {work.step_weights / 1e6:.1f} M weights a step, stem {work.stem / 1e9:.1f} "
            f"GFLOP, encoder {work.encoder / 1e9:.1f}, its keys and values for the decoder "
            f"{work.memory / 1e9:.1f} (in no floor)",
            flush=True,
        )
        try:
            yield bench
        finally:
            bench.close()


def _load() -> str:
    return " ".join(f"{one:.1f}" for one in os.getloadavg())


if __name__ == "__main__":
    sys.exit(main())
