"""`wetread export`: a study or series of this workstation as pictures or as a DICOM folder."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from dicom_io.errors import NoPixels, NothingFound
from dicom_io.export import Exported, Wish, export_dicom, export_pictures
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.pacs.cache import Cache
from plugin._commands.context import Context, UsageProblem, several


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "export",
        help="write a study as PNG pictures or as a folder of DICOM files with DICOMDIR",
        description="Write a study that is on this workstation into a new folder. It is there "
        "whole or not at all, and the audit names it. With --deidentify names, numbers, private "
        "attributes and texts are removed, UIDs replaced and dates moved (PS3.15 Basic Profile); "
        "what is burned into pixels stays, so images that often show names must be looked at.",
    )
    command.add_argument("study", metavar="STUDY_UID", help="as find prints it; fetch it first")
    command.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="a new folder")
    command.add_argument(
        "--as", dest="form", choices=("png", "dicomdir"), required=True, help="what to write"
    )
    command.add_argument("--series", type=int, metavar="N", help="this SeriesNumber alone")
    command.add_argument("--deidentify", action="store_true", help="remove the patient's identity")
    command.add_argument(
        "--looked-at-pixels",
        action="store_true",
        help="somebody has looked that no image shows a name",
    )
    command.set_defaults(run=run_export)


def run_export(arguments: argparse.Namespace, context: Context) -> int:
    """Write the folder; one line when it is done."""
    if arguments.looked_at_pixels and not arguments.deidentify:
        raise UsageProblem("--looked-at-pixels belongs to --deidentify.")
    with closing(Cache(context.root)) as cache:
        study = cache.study(arguments.study)
        paths = _paths(cache, arguments.study, arguments.series)
    wish = Wish(
        arguments.to,
        study.identity,
        deidentify=arguments.deidentify,
        confirmed=arguments.looked_at_pixels,
    )
    last: Exported | None = None
    for last in _events(arguments.form, paths, wish, context):
        context.printer.progress(f"{last.done} of {last.total}")
    assert last is not None
    for notice in last.notices:
        context.printer.progress(notice)
    count = last.done - last.left_out
    context.printer.say(
        f"{arguments.to}: {several(count, 'object')}"
        + (f", {last.left_out} left out" if last.left_out else ""),
        out=str(arguments.to),
        objects=count,
        left_out=last.left_out,
        deidentified=arguments.deidentify,
        notices=list(last.notices),
    )
    return 0


def _events(form: str, paths: Sequence[Path], wish: Wish, context: Context) -> Iterator[Exported]:
    if form == "dicomdir":
        return export_dicom(paths, wish, context.audit)
    return export_pictures(_frames(paths), wish, context.audit)


def _frames(paths: Sequence[Path]) -> list[ImageFrame]:
    frames: list[ImageFrame] = []
    for path in paths:
        try:
            frames += open_frames(path)
        except NoPixels:
            continue  # a report or another object without an image
    return frames


def _paths(cache: Cache, study: str, number: int | None) -> tuple[Path, ...]:
    """The files of the study or of one series of it. Raises NothingFound, UsageProblem."""
    if number is None:
        return cache.files(study)
    wanted = [one.identity for one in cache.series(study) if one.number == number]
    if not wanted:
        known = ", ".join(str(one.number) for one in cache.series(study)) or "none"
        raise UsageProblem(f"The study has no series {number} here (its series: {known}).")
    found = [path for one in wanted for path in _files(cache, study, one)]
    if not found:
        raise NothingFound("This series is not on this workstation. Fetch its study first.")
    return tuple(found)


def _files(cache: Cache, study: str, series: Identity) -> tuple[Path, ...]:
    return cache.files(study, series.series)
