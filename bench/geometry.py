"""What geometry costs: ordering a series, the nearest slice, a volume and its planes; in one run.

    python bench/geometry.py [--slices 2000] [--side 512] [--depth 200]

Times are the best of several rounds. Ordering is compared with opening the same headers, a volume
with decoding the same slices one by one, a plane with copying the slices of a slab of 20 mm. Exit
code 1 when ordering what is known takes more than a fiftieth of opening it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.made_series import write_series  # noqa: E402  # after the path is set
from dicom_io.image import place  # noqa: E402
from dicom_io.image.frame import ImageFrame, open_frames  # noqa: E402
from dicom_io.image.reformat import Cut, Planes, Projection, Slab, slab_depth  # noqa: E402
from dicom_io.image.space import Slices  # noqa: E402
from dicom_io.image.stack import stacks_of  # noqa: E402
from dicom_io.image.volume import build  # noqa: E402

MOST = 0.02  # of opening the headers, for ordering them again


def best(work: Callable[[], object], rounds: int = 7) -> float:
    """Seconds of the quickest round."""
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def order(frames: list[ImageFrame], opening: float) -> float:
    """Print what ordering takes; gives the seconds of ordering what is known."""
    shuffled = [frames[n] for n in np.random.default_rng(1).permutation(len(frames))]

    def afresh() -> object:
        place._known.clear()
        return stacks_of(shuffled)

    first, again = best(afresh), best(lambda: stacks_of(shuffled))
    slices = Slices(frames)
    near = best(lambda: slices.nearest((0.0, 0.0, 77.0)))
    print(f"headers of {len(frames)} slices opened     {opening * 1e3:8.1f} ms   1")
    print(f"in order, first time              {first * 1e3:8.1f} ms   {first / opening:.3f}")
    print(f"in order again (one more arrived) {again * 1e3:8.1f} ms   {again / opening:.3f}")
    print(f"slice nearest a point             {near * 1e3:8.3f} ms")
    return again


def planes(frames: list[ImageFrame]) -> None:
    """Print what a volume and its planes take."""
    ordered = stacks_of(frames)[0].frames
    decoding = best(lambda: [frame.stored() for frame in ordered], 2)
    whole = [*build(ordered, lambda: False)][-1].volume
    assert whole is not None
    building = best(lambda: [*build(ordered, lambda: False)], 2)
    print(f"{len(ordered)} slices decoded one by one       {decoding * 1e3:8.1f} ms   1")
    print(f"a volume of them                  {building * 1e3:8.1f} ms   {building / decoding:.2f}")
    deep = slab_depth(Slab(20.0), whole.step)
    copying = best(lambda: whole.voxels[:deep].copy())
    print(f"{deep} slices copied                  {copying * 1e3:8.3f} ms   1")
    for cut in Cut:
        every = Planes(whole, cut)
        for slab in (Slab(), *(Slab(20.0, projection) for projection in Projection)):
            frames_of_it = every.frames(slab)
            middle = frames_of_it[len(frames_of_it) // 2]
            taken = best(middle.stored)
            name = f"{cut} {slab.words() or 'single'}"
            print(f"{name:34}{taken * 1e3:8.3f} ms   {taken / copying:.1f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=2000)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--depth", type=int, default=200)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "many", Path(folder) / "large"
        small.mkdir()
        large.mkdir()
        paths = write_series(small, wanted.slices, side=16)
        begin = time.perf_counter()
        frames = [frame for path in paths for frame in open_frames(path)]
        opening = time.perf_counter() - begin
        again = order(frames, opening)
        paths = write_series(large, wanted.depth, side=wanted.side)
        planes([frame for path in paths for frame in open_frames(path)])
    return int(again > MOST * opening)


if __name__ == "__main__":
    sys.exit(main())
