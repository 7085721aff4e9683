"""How soon the model process stops: from the cancel to the end of the asking and of the work."""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dicom_io.storage import DataRoot  # noqa: E402  # after the path is set
from model_backend.client import ModelClient  # noqa: E402
from model_backend.folder import ModelFolder, find_model  # noqa: E402
from model_backend.request import FINDINGS, Decoding, ImageInput, Request  # noqa: E402

DESCRIBE = "what does the image describe?"


def main() -> None:
    """Cancel at moments spread over a whole draft; print the longest and the middle delay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="", help="name or folder; default the embedded one")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    folder = find_model(chosen.model, DataRoot.choose().models)
    with ModelClient(folder, threads=chosen.threads) as client:
        measure(client, chosen.times)


def measure(client: ModelClient, times: int) -> None:
    request = draft_request()
    begun = time.monotonic()
    list(client.ask([request]))
    print(f"process start to the end of the first draft: {time.monotonic() - begun:.2f} s")
    begun = time.monotonic()
    list(client.ask([request]))
    whole = time.monotonic() - begun
    print(f"a draft from the loaded model: {whole * 1000:.0f} ms")
    pairs = [cancel_after(client, request, whole * number / times) for number in range(times)]
    asking, working = zip(*pairs, strict=True)
    for name, delays in (("the asker goes on", asking), ("the model is free again", working)):
        middle, longest = statistics.median(delays) * 1000, max(delays) * 1000
        print(f"from cancel until {name}: median {middle:.0f} ms, longest {longest:.0f} ms")


@dataclass(frozen=True)
class Delays:
    """What cancelling at many moments cost; seconds."""

    times: int
    asker: float  # the longest until the asker goes on
    model: float  # the longest until the model is free again
    median: float  # of the latter
    stays_loaded: bool
    precision: str


def delays(folder: Path, request: Request, threads: int, times: int) -> Delays:
    """Cancel at `times` moments, two thirds of them before the first symbol is decoded."""
    with ModelClient(ModelFolder.read(folder), threads=threads) as client:
        short = replace(request, decoding=Decoding(max_tokens=1))
        list(client.ask([short]))
        pid = client.pid
        before, whole = _seconds(client, short), _seconds(client, request)
        early = times * 2 // 3
        moments = [before * number / early for number in range(early)]
        moments += [before + (whole - before) * n / (times - early) for n in range(times - early)]
        pairs = [cancel_after(client, request, moment) for moment in moments]
        asking, working = zip(*pairs, strict=True)
        middle = statistics.median(working)
        precision = client.identity.precision
        return Delays(times, max(asking), max(working), middle, client.pid == pid, precision)


def _seconds(client: ModelClient, request: Request) -> float:
    begun = time.monotonic()
    list(client.ask([request]))
    return time.monotonic() - begun


def cancel_after(client: ModelClient, request: Request, seconds: float) -> tuple[float, float]:
    """Ask, cancel after that many seconds; give the seconds from the cancel to the end of the
    events, and to the next answer's first event."""
    cancelled = threading.Event()
    moment = 0.0

    def cancel() -> None:
        nonlocal moment
        moment = time.monotonic()
        cancelled.set()

    timer = threading.Timer(seconds, cancel)
    timer.start()
    list(client.ask([request], cancelled.is_set))
    timer.join()
    ended = time.monotonic()
    list(client.ask([Request("none")]))  # refused at once, as soon as the model listens
    return ended - moment, time.monotonic() - moment


def draft_request() -> Request:
    pixels = np.random.default_rng(1).integers(0, 256, (2000, 2000), np.uint8)
    return Request(FINDINGS, (ImageInput(pixels),), DESCRIBE, (), Decoding(max_tokens=160))


if __name__ == "__main__":
    main()
