"""What is freed while weights are loaded goes back to the system."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from model_backend.memory import lean

BLOCK = 2 * 2**20  # bytes
BLOCKS = 40

# A process of its own, as the model's is: one that has run for long holds freed blocks from which
# malloc serves before it asks the system, whatever its settings.
FREED = f"""
import os
from pathlib import Path
import numpy as np
from model_backend.memory import lean

def resident():
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")

large = np.ones(24 * 2**20, np.uint8)
del large  # from now on malloc keeps what is smaller
with lean():
    blocks = [np.ones({BLOCK}, np.uint8) for _ in range({BLOCKS})]
    before = resident()
    kept = blocks[::2]
    del blocks
    print(before - resident())
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux")
    or "glibc" not in (os.confstr("CS_GNU_LIBC_VERSION") or ""),
    reason="the operating system's malloc has no such setting",
)
def test_blocks_freed_between_others_go_back_at_once() -> None:
    child = subprocess.run(
        [sys.executable, "-c", FREED], capture_output=True, text=True, timeout=120, check=True
    )

    assert int(child.stdout) > 0.8 * BLOCK * BLOCKS / 2


def test_elsewhere_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")

    with lean():
        block = np.ones(BLOCK, np.uint8)

    assert block.all()
