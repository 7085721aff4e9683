"""The rows of a graphics card: latency, throughput, tokens; run only where there is a card."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch

from bench.floors import BYTES, Counts
from bench.ours import Ours, caption_request, question_requests
from bench.rows import Row
from model_backend.biomedgpt.search import Search, generate

BATCH = 32
TURNS = 10


def rows(folder: Path, source: int, work: Counts, length: int, beam: int) -> Iterator[Row]:
    """Answer, caption, floor, throughput and the tokens of both precisions."""
    single, half = (Ours(folder, one, 1, source, "cuda") for one in ("fp32", "bf16"))
    card = torch.cuda.get_device_name()
    read = _read_rate()
    (question,), request = question_requests(1), caption_request(length, beam)
    answer = _seconds(lambda: list(half.model.answer([question], lambda: False)))
    caption = _seconds(lambda: list(half.model.answer([request], lambda: False)))
    yield Row("answer, bf16", "25 ms", f"{answer * 1e3:.1f} ms on {card}", answer <= 0.025)
    yield Row(f"caption of {length} tokens", "80 ms", f"{caption * 1e3:.1f} ms", caption <= 0.08)
    floor = work.step_weights * BYTES["bf16"] / read
    step = statistics.median(half.step(beam, length) for _ in range(TURNS))
    yield Row(
        f"decoding step, beam {beam}, bf16",
        "against the bandwidth's floor",
        f"{step * 1e3:.2f} ms, {step / floor:.1f} times ({read / 1e9:.0f} GB/s)",
    )
    one, many = (_captions_a_second(half, size, length, beam) for size in (1, BATCH))
    yield Row(
        f"throughput, {BATCH} at once",
        "at least 15 times one at a time",
        f"{many:.1f} captions a second, {many / one:.1f} times",
        many >= 15 * one,
    )
    yield _tokens(single, half, length, beam)


def _tokens(single: Ours, half: Ours, length: int, beam: int) -> Row:
    """The same caption by captured steps and kernel by kernel, in both precisions."""
    settings = Search(beam=beam, max_len_b=length - 1, min_len=length - 1)
    found = {}
    for ours in (single, half):
        states = ours.encode(ours.stem())
        captured = generate(ours.network, states, settings)[0][0].tokens
        steps, ours.network.graphs = ours.network.graphs, None
        eager = generate(ours.network, states, settings)[0][0].tokens
        ours.network.graphs = steps
        found[ours.precision] = captured, eager

    def differ(one: Sequence[int], other: Sequence[int]) -> int:
        return sum(a != b for a, b in zip(one, other, strict=True))

    wrong = differ(*found[single.precision])
    return Row(
        f"tokens of {length} that differ",
        "none between captured and eager in fp32; bf16 counted",
        f"fp32 {wrong}; bf16 {differ(*found[half.precision])}; bf16 from fp32, both eager: "
        f"{differ(found[single.precision][1], found[half.precision][1])}",
        wrong == 0,
    )


def _captions_a_second(ours: Ours, count: int, length: int, beam: int) -> float:
    settings = Search(beam=beam, max_len_b=length - 1, min_len=length - 1)

    def work() -> None:
        tokens = ours.tokens.to(ours.device).expand(count, -1)
        images = ours.image.to(ours.device).expand(count, -1, -1, -1)
        with torch.inference_mode():
            states = ours.network.encode(tokens, images)
        generate(ours.network, states, settings)

    return count / _seconds(work)


def _read_rate() -> float:
    """Bytes a second that the card's memory gives."""
    block = torch.ones(2**28, device="cuda")  # 1 GiB
    return block.nbytes / _seconds(lambda: block.sum())


def _seconds(work: Callable[[], object]) -> float:
    work()
    times = []
    for _ in range(TURNS):
        torch.cuda.synchronize()
        begun = time.perf_counter()
        work()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)
