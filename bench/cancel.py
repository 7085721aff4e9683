"""How soon the model process stops: from the cancel to the end of the asking and of the work."""

from __future__ import annotations

import argparse
import statistics
import threading
import time

import numpy as np

from dicom_io.storage import DataRoot
from model_backend.client import ModelClient
from model_backend.folder import find_model
from model_backend.request import FINDINGS, Decoding, ImageInput, Request

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
    pairs = [cancel_after(client, whole * number / times) for number in range(times)]
    asking, working = zip(*pairs, strict=True)
    for name, delays in (("the asker goes on", asking), ("the model is free again", working)):
        middle, longest = statistics.median(delays) * 1000, max(delays) * 1000
        print(f"from cancel until {name}: median {middle:.0f} ms, longest {longest:.0f} ms")


def cancel_after(client: ModelClient, seconds: float) -> tuple[float, float]:
    """Seconds from the cancel to the end of the events, and to the next answer's first event."""
    cancelled = threading.Event()
    moment = 0.0

    def cancel() -> None:
        nonlocal moment
        moment = time.monotonic()
        cancelled.set()

    timer = threading.Timer(seconds, cancel)
    timer.start()
    list(client.ask([draft_request()], cancelled.is_set))
    timer.join()
    ended = time.monotonic()
    list(client.ask([Request("none")]))  # refused at once, as soon as the model listens
    return ended - moment, time.monotonic() - moment


def draft_request() -> Request:
    pixels = np.random.default_rng(1).integers(0, 256, (2000, 2000), np.uint8)
    return Request(FINDINGS, (ImageInput(pixels),), DESCRIBE, (), Decoding(max_tokens=160))


if __name__ == "__main__":
    main()
