"""Runs every example of docs/tasks.md and writes what came out of it into the page.

    python docs/make_tasks.py [PAGE]

Python blocks run one after another in one session, in the root of the checkout; what they print is
the `text` block behind them. Lines with a `$` in `console` blocks run as they stand, each followed
by what it printed. The pictures in docs/pictures/tasks are drawn first.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from model_backend.practice.codes import picture_of  # noqa: E402
from model_backend.practice.drawing import (  # noqa: E402
    MIDDLE,
    SIDE,
    Phantom,
    draw_band,
    draw_things,
    without_middle,
)
from model_backend.request import Place  # noqa: E402

PAGE = ROOT / "docs" / "tasks.md"
PICTURES = ROOT / "docs" / "pictures" / "tasks"
LARGER = 3  # how many pixels of an annotated picture are one of the phantom
BLOCK = re.compile(r"```(python|text|console)\n(.*?)```\n", re.DOTALL)
Pixels = NDArray[np.uint8]


# --- the page ---


def made(page: str, run_command: Callable[[str], str]) -> tuple[str, dict[str, Any]]:
    """The page with the output of its blocks as it is now, and the names its session ends with.

    Raises whatever a block raises.
    """
    session: dict[str, Any] = {}
    printed = ""

    def again(match: re.Match[str]) -> str:
        nonlocal printed
        kind, body = match[1], match[2]
        if kind == "python":
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(body, "docs/tasks.md", "exec"), session)
            printed = out.getvalue()
        elif kind == "text":
            body = printed
        else:
            body = "".join(f"$ {line}\n{run_command(line)}" for line in commands(body))
        return f"```{kind}\n{body}```\n"

    try:
        return BLOCK.sub(again, page), session
    finally:
        if "model" in session:
            session["model"].close()


def commands(body: str) -> Iterator[str]:
    """The commands of a console block, without their `$`; a backslash joins two lines."""
    yield from re.findall(r"^\$ ((?:.*\\\n)*.*)$", body, re.MULTILINE)


def words_of(line: str) -> list[str]:
    """A command's words without `wetread`."""
    program, *words = shlex.split(line.replace("\\\n", " "))
    assert program == "wetread", line
    return words


def run_in_shell(line: str) -> str:
    """What a command prints, in a process of its own with a data root of its own."""
    words = words_of(line)
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-m", "plugin", *words],
            cwd=ROOT,
            env={**os.environ, "WETREAD_HOME": home},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        sys.exit(f"{line}\n{done.stderr}")
    return done.stdout


# --- the pictures ---


def phantom() -> Phantom:
    """A large dark ring in the upper right: what most examples are asked about."""
    return next(
        one
        for one in (draw_things(np.random.default_rng(seed), 1) for seed in range(1000, 2000))
        if list(map(str, one.things)) == ["large dark ring in the upper right"]
    )


def band() -> Phantom:
    """A bright band across."""
    return next(
        one
        for one in (draw_band(np.random.default_rng(seed)) for seed in range(1000, 2000))
        if one.band and str(one.band) == "bright horizontal band"
    )


def draw_pictures() -> None:
    """The pictures that the page asks about."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    _save("phantom", phantom().pixels)
    _save("band", band().pixels)


def draw_answers(session: dict[str, Any]) -> None:
    """What the page's session found and painted, on the pictures it was asked about."""
    _save("phantom-objects", with_boxes(phantom().pixels, session["objects"].places))
    hidden = without_middle(band().pixels)
    painted = hidden.copy()
    first = (SIDE - MIDDLE) // 2
    middle = slice(first, first + MIDDLE)
    painted[middle, middle] = picture_of(session["painted"].codes)
    _save("band-painted", np.hstack([hidden, np.full((SIDE, 4), 255, np.uint8), painted]))


def with_boxes(pixels: Pixels, places: tuple[Place, ...]) -> Pixels:
    """A larger picture with a frame around each place."""
    image = Image.fromarray(pixels).resize((SIDE * LARGER, SIDE * LARGER), Image.Resampling.NEAREST)
    drawing = ImageDraw.Draw(image)
    for place in places:
        x0, y0, x1, y1 = (LARGER * edge for edge in (place.x0, place.y0, place.x1, place.y1))
        drawing.rectangle((x0, y0, x1 - 1, y1 - 1), outline=255)
        drawing.text((x0, y0 - 12 if y0 > 12 else y1), place.label, fill=255)
    return np.asarray(image)


def _save(name: str, pixels: Pixels) -> None:
    Image.fromarray(pixels).save(PICTURES / f"{name}.png", optimize=True)


def main(page: Path) -> None:
    """Draw, run, write."""
    os.chdir(ROOT)
    draw_pictures()
    text = page.read_text(encoding="utf-8")
    lines = [
        line for kind, body in BLOCK.findall(text) if kind == "console" for line in commands(body)
    ]
    with ThreadPoolExecutor(4) as pool:  # each is a process of its own, slow to start
        printed = dict(zip(lines, pool.map(run_in_shell, lines), strict=True))
    text, session = made(text, printed.__getitem__)
    draw_answers(session)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE)
