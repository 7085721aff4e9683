"""`wetread render`, and how a command finds the frame that it is about."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from dicom_io.errors import NoPixels, NothingFound
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.picture import write_png
from dicom_io.image.render import Window, render
from dicom_io.pacs.cache import Cache
from plugin._commands.context import Context, UsageProblem

Box = tuple[float, float, float, float]


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser("render", help="write one frame as a PNG picture")
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--frame", type=int, default=1, help="from 1")
    command.add_argument("--window", default="", metavar="CENTER,WIDTH")
    command.add_argument("--out", type=Path, required=True, metavar="FILM.png")
    command.set_defaults(run=run_render)


def choose_frame(path: Path, number: int) -> ImageFrame:
    """Frame `number` (from 1) of a file. Raises UsageProblem when there is no such frame."""
    frames = open_frames(path)
    if not 1 <= number <= len(frames):
        count = f"{len(frames)} frame{'s' if len(frames) > 1 else ''}"
        raise UsageProblem(f"{path} has {count}, so there is no frame {number}.")
    return frames[number - 1]


def film_of_study(cache: Cache, study: str) -> ImageFrame:
    """The first image of a study that is here. Raises NothingFound."""
    for path in cache.files(study):
        try:
            return open_frames(path)[0]
        except NoPixels:
            continue  # a report or another object without an image
    raise NothingFound(f"The study {study} holds no image. Choose another study.")


def parse_window(text: str) -> Window | None:
    """CENTER,WIDTH in modality units, or None for the file's own window."""
    if not text:
        return None
    center, width = _numbers(text, 2, "--window takes CENTER,WIDTH, for example 40,400")
    if width <= 0:
        raise UsageProblem(f"A window's width must be above 0, not {width:g}.")
    return Window(center, width)


def parse_box(text: str) -> Box | None:
    """x0,y0,x1,y1 in stored columns and rows from the top left corner, or None for all."""
    if not text:
        return None
    x0, y0, x1, y1 = _numbers(text, 4, "--box takes x0,y0,x1,y1, for example 100,200,300,400")
    return (x0, y0, x1, y1)


def _numbers(text: str, count: int, usage: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise UsageProblem(f"{usage}, not {text}.") from error
    if len(numbers) != count or not all(map(math.isfinite, numbers)):
        raise UsageProblem(f"{usage}, not {text}.")
    return numbers


def run_render(arguments: argparse.Namespace, context: Context) -> int:
    """Render one frame, no overlay."""
    frame = choose_frame(arguments.file, arguments.frame)
    picture = render(frame, frame.stored(), parse_window(arguments.window))
    write_png(arguments.out, picture)
    rows, columns = picture.shape[:2]
    context.printer.say(
        f"{arguments.out}: {columns} x {rows} pixels",
        out=str(arguments.out),
        columns=columns,
        rows=rows,
        frame=arguments.frame,
        study=frame.identity.study,
        instance=frame.identity.instance,
    )
    return 0
