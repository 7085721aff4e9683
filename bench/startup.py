"""From nothing to the first answer: how long the model process takes, and the memory it needs."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.floors import parameters
from bench.ours import question_requests
from model_backend.biomedgpt.config import OFAConfig
from model_backend.client import ModelClient
from model_backend.folder import ModelFolder

PEAK = re.compile(r"VmHWM:\s+(\d+) kB")
IMPORT = """
import time
begun = time.perf_counter()
import torch
spent = time.perf_counter() - begun
print(spent)
print(open("/proc/self/status").read())
"""


@dataclass(frozen=True)
class First:
    """What one precision took, over several starts."""

    seconds: Sequence[float]
    peak: int  # bytes of the largest resident set of the process
    weights: int  # parameters
    breakdown: str  # what the process says of its own start, and how long a later answer takes


class _Notes(logging.Handler):
    """Keeps what the model process logs of its start."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith("loaded: "):
            self.texts.append(record.getMessage().removeprefix("loaded: "))


def first_answers(path: Path, precision: str, threads: int, times: int) -> First:
    """Start, ask one closed question, end; `times` times."""
    notes, log = _Notes(), logging.getLogger("model_backend")
    log.setLevel(logging.INFO)
    log.addHandler(notes)
    seconds, peak, later = [], 0, 0.0
    folder = ModelFolder.read(path)
    try:
        for _ in range(times):
            begun = time.perf_counter()
            with ModelClient(folder, threads=threads, device="cpu", precision=precision) as client:
                list(client.ask(question_requests(1)))
                seconds.append(time.perf_counter() - begun)
                begun = time.perf_counter()
                list(client.ask(question_requests(1)))
                later = time.perf_counter() - begun
                peak = max(peak, peak_of(client.pid or 0))
    finally:
        log.removeHandler(notes)
    weights = parameters(OFAConfig.from_json(folder.config))
    told = notes.texts[-1] if notes.texts else "the process says nothing of its start"
    return First(seconds, peak, weights, f"{told}; a later answer {later:.2f} s")


def peak_of(pid: int) -> int:
    """Bytes of the largest resident set that a process ever had (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = PEAK.search(status)
    return int(found[1]) * 1024 if found else 0


def import_torch() -> tuple[float, int]:
    """Seconds and peak bytes of a Python that imports torch and nothing else."""
    output = subprocess.run(
        [sys.executable, "-c", IMPORT], check=True, capture_output=True, text=True
    ).stdout
    first, _, status = output.partition("\n")
    found = PEAK.search(status)
    return float(first), int(found[1]) * 1024 if found else 0
