"""`wetread render`, and how a command finds the frame that it is about."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dicom_io.errors import NoPixels, NothingFound
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.geometry import pixel_aspect
from dicom_io.image.picture import write_png
from dicom_io.image.render import Look, Renderer, Window
from dicom_io.image.resample import resampled
from dicom_io.pacs.cache import Cache
from plugin._commands.context import Context, UsageProblem, require_place, several

Box = tuple[float, float, float, float]


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "render",
        help="write one frame as a PNG picture",
        description="Write one frame as the viewport shows it and as a model gets it, one PNG "
        "pixel for each stored pixel, without overlays and shutter.",
    )
    command.add_argument("file", type=Path, metavar="FILE", help="DICOM, PNG or JPEG")
    command.add_argument("--frame", type=int, default=1, metavar="N", help="from 1")
    command.add_argument(
        "--window",
        default="",
        metavar="CENTER,WIDTH",
        help="in modality units; by default the file's own window",
    )
    command.add_argument("--invert", action="store_true", help="exchange black and white")
    command.add_argument(
        "--longest",
        type=int,
        default=0,
        metavar="PIXELS",
        help="shrink to so many on the longer side, with square pixels",
    )
    command.add_argument(
        "--out", type=Path, required=True, metavar="FILM.png", help="written anew if it exists"
    )
    command.set_defaults(run=run_render)


def choose_frame(path: Path, number: int) -> ImageFrame:
    """Frame `number` (from 1) of a file. Raises UsageProblem when there is no such frame."""
    return _frame_of(open_frames(path), path.name, number)


def film_of_study(cache: Cache, study: str, number: int = 1) -> ImageFrame:
    """A frame of the first image of a study that is here. Raises NothingFound, UsageProblem."""
    for path in cache.files(study):
        try:
            frames = open_frames(path)
        except NoPixels:
            continue  # a report or another object without an image
        return _frame_of(frames, f"The first image of the study {study}", number)
    raise NothingFound(f"The study {study} holds no image. Choose another study.")


def _frame_of(frames: tuple[ImageFrame, ...], name: str, number: int) -> ImageFrame:
    if not 1 <= number <= len(frames):
        raise UsageProblem(
            f"{name} has {several(len(frames), 'frame')}, so there is no frame {number}."
        )
    return frames[number - 1]


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


def shrunk(look: Look, aspect: float, longest: int) -> NDArray[np.uint8]:
    """The picture with its longer side so many square pixels long, as the viewport shrinks it.

    `aspect` is the height of a stored pixel divided by its width. Raises UsageProblem for a size
    that would make any side larger than it is stored.
    """
    rows, columns = look.shape
    scale = longest / max(columns * max(1.0, 1 / aspect), rows * max(1.0, aspect))
    across, down = scale * max(1.0, 1 / aspect), scale * max(1.0, aspect)
    if longest < 1 or max(across, down) > 1:
        raise UsageProblem(
            f"--longest makes the picture smaller than its {columns} x {rows} stored pixels; "
            f"{longest} is not between 1 and that."
        )
    size = (max(round(columns * across), 1), max(round(rows * down), 1))
    return resampled(look.passing, look.shape, (0, 0, columns, rows), size)


def run_render(arguments: argparse.Namespace, context: Context) -> int:
    """Render one frame, no overlay."""
    require_place(arguments.out)
    if arguments.out.exists() and arguments.out.resolve() == arguments.file.resolve():
        raise UsageProblem("--out is the film itself, which must not be written over.")
    frame = choose_frame(arguments.file, arguments.frame)
    window = parse_window(arguments.window)
    look = Renderer(frame, frame.stored()).look(window, arguments.invert)
    picture = look.pixels
    if arguments.longest:
        picture = shrunk(look, pixel_aspect(frame), arguments.longest)
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
