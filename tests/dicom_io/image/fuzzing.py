"""Damage files at random and open them; run as a child process by `test_fuzz.py`.

    python fuzzing.py SEED ROUNDS FILE...

Each round takes every file once, cuts it, flips bytes of it, or repeats a piece of it, opens it and
decodes its first and last frame. Prints what it does before it does it, so that the parent knows
where it ended; a crash, a hang of 20 s or more than 3 GiB of memory ends it.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from dicom_io.errors import FileProblem  # noqa: E402  # after the path is set
from dicom_io.image.frame import open_frames  # noqa: E402
from dicom_io.image.render import notices_of  # noqa: E402

PATIENCE = 20  # s for one file
MEMORY = 3 * 2**30  # bytes of address space beyond what the codecs take when loaded


def damaged(content: NDArray[np.uint8], rng: np.random.Generator) -> bytes:
    """The file with one kind of damage."""
    size = len(content)
    kind = int(rng.integers(0, 6))
    if kind == 0:
        return content[: int(rng.integers(0, size))].tobytes()
    broken = content.copy()
    start = int(rng.integers(0, size))
    if kind in (1, 4, 5):  # a few bytes: anywhere, in the header, where the first stream begins
        pixels = content.tobytes().find(b"\xe0\x7f\x10\x00")
        low = {1: 0, 4: min(size - 1, 132), 5: max(0, pixels)}[kind]
        high = {1: size, 4: min(size, 4000), 5: min(size, low + 300)}[kind]
        places = rng.integers(low, high, int(rng.integers(1, 12)))
        broken[places] = rng.integers(0, 256, len(places))
        return broken.tobytes()
    length = int(rng.integers(1, max(2, min(2000, size // 4))))
    piece = broken[start : start + length]
    if kind == 2:  # a piece of nothing
        piece[:] = int(rng.integers(0, 2)) * 255
        return broken.tobytes()
    return broken[:start].tobytes() + piece.tobytes() * 2 + broken[start:].tobytes()


def look_at(path: Path) -> str:
    """Open and decode; what came of it."""
    try:
        frames = open_frames(path)
        for frame in {frames[0], frames[-1]}:
            stored = frame.stored()
            if stored.shape[:2] != (frame.rows, frame.columns):
                raise RuntimeError(f"{stored.shape} is not the header's size")
            notices_of(frame)
    except FileProblem as problem:
        sentence = str(problem)
        if path.name not in sentence or not sentence.endswith("."):
            raise
        return "refused"
    return "shown"


def limit_memory() -> None:
    """More than MEMORY beyond what is used now is refused by the system, where it can be."""
    try:
        import resource
    except ImportError:  # Windows
        return
    used = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))


def main() -> int:
    seed, rounds, names = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    warnings.simplefilter("error")
    contents = {name: np.fromfile(name, np.uint8) for name in names}
    counts = {"shown": 0, "refused": 0}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.dcm"
        for name in names:  # the codecs are loaded now
            path.write_bytes(contents[name].tobytes())
            look_at(path)
        if sys.platform == "linux":
            limit_memory()
        for turn in range(rounds):
            for name, content in contents.items():
                rng = np.random.default_rng([seed, turn, len(content)])
                print("now", seed, turn, Path(name).name, flush=True)
                path.write_bytes(damaged(content, rng))
                if hasattr(signal, "alarm"):
                    signal.alarm(PATIENCE)
                counts[look_at(path)] += 1
    print("done", counts["shown"], counts["refused"], flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
