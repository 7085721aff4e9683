"""`wetread dataset`: public sets, tables and a site's own images as one form for training."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from dicom_io.audit import Event
from model_backend.datasets.check import check_dataset
from model_backend.datasets.convert import Converted, convert
from model_backend.datasets.draft import Origin, Source
from model_backend.datasets.known import SOURCES, source_named
from model_backend.datasets.parting import WAYS
from model_backend.datasets.reading import Dataset, open_dataset
from model_backend.datasets.row import PARTS
from model_backend.importing.progress import Bar, Silent
from plugin._commands.context import Context, UsageProblem, several
from plugin._site_dataset import dicom_picture, kept_salt, site_source

SITE = "site"
FAULTY = 3  # the exit code of a data set that has faults
_MOST_ANSWERS = 10  # that `show` prints


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the commands."""
    dataset = commands.add_parser("dataset", help="make, show and check data sets for training")
    what = dataset.add_subparsers(dest="what", required=True, metavar="WHAT")
    listing = what.add_parser("sources", help="what can be converted, and in which layout")
    listing.set_defaults(run=run_sources)

    make = what.add_parser(
        "convert",
        help="convert a set that lies on the disk",
        description="Convert a set into a folder of parquet files for training and measuring. "
        "No patient is in two parts; the folder is there only when all of it is. "
        "wetread dataset sources names the sources and their layouts.",
    )
    make.add_argument("source", metavar="SOURCE", help=f"{SITE}, or one of: {', '.join(SOURCES)}")
    make.add_argument("path", type=Path, metavar="PATH", help="where the set lies")
    make.add_argument("--out", type=Path, required=True, metavar="DIR", help="must not exist")
    make.add_argument(
        "--split",
        choices=WAYS,
        default=WAYS[0],
        help="auto: the set's own where it cuts no patient, else by patient; official: the set's "
        "own in any case; patient: by patient",
    )
    for name, words in (
        ("only", "rows of which an attribute has that value"),
        ("option", "of the source, such as language=zh (docs/datasets.md)"),
    ):
        make.add_argument(f"--{name}", action="append", default=[], metavar="K=V", help=words)
    make.add_argument("--longest", type=int, default=0, metavar="N", help="pixels a side, at most")
    make.add_argument("--salt", type=Path, metavar="FILE", help=f"of {SITE}: outside DIR")
    make.set_defaults(run=run_convert)

    show = what.add_parser("show", help="what is in a data set")
    show.add_argument("folder", type=Path, metavar="DIR")
    show.set_defaults(run=run_show)
    check = what.add_parser(
        "check",
        help="read every row and name what is wrong",
        description="Read every row, open every picture, and name what would spoil training or "
        "measuring. The exit code is 3 when something is wrong.",
    )
    check.add_argument("folder", type=Path, metavar="DIR")
    check.set_defaults(run=run_check)


def run_sources(arguments: argparse.Namespace, context: Context) -> int:
    """Every source with its layout and where that is documented."""
    for source in (*SOURCES.values(), site_source(b"")):
        context.printer.say(
            f"{source.name}: {source.title}\n  {source.layout}\n  documented: {source.documented}\n"
            f"  licence: {source.licence}; parted by {source.group}",
            name=source.name,
            title=source.title,
            layout=source.layout,
            documented=source.documented,
            licence=source.licence,
            group=source.group,
        )
    return 0


def run_convert(arguments: argparse.Namespace, context: Context) -> int:
    """Convert, and say what was left out and what is in several parts."""
    source = _source(arguments, context)
    origin = Origin(arguments.path, dicom_picture, _pairs(arguments.option, "--option"))
    if arguments.longest < 0:
        raise UsageProblem("--longest is a number of pixels.")
    if source.name == SITE:
        context.audit.record(
            Event.EXPORTED, what="data set without identity", to=arguments.out.name
        )
    context.printer.progress(f"Looking through {arguments.path}")
    done = convert(
        source,
        origin,
        arguments.out,
        split=arguments.split,
        only=_pairs(arguments.only, "--only"),
        longest=arguments.longest,
        bar=Silent if context.printer.as_json else Bar,
    )
    context.printer.say(
        "\n".join(_told(done)),
        out=str(done.out),
        rows=dict(done.rows),
        split=done.parting.way,
        left_out=dict(done.left_out.counts),
        left_out_named=done.left_out.named,
        duplicates={kind: len(found) for kind, found in done.repeats.items()},
        notes=list(done.notes),
    )
    return 0


def _source(arguments: argparse.Namespace, context: Context) -> Source:
    if arguments.source != SITE:
        return source_named(arguments.source)
    salt = arguments.salt or context.root.folder / "dataset.salt"
    if salt.resolve().is_relative_to(arguments.out.resolve()):
        raise UsageProblem("The salt must not lie in the data set. Give --salt another place.")
    return site_source(kept_salt(salt))


def _pairs(words: list[str], option: str) -> dict[str, str]:
    pairs = dict(word.partition("=")[::2] for word in words)
    if any("=" not in word for word in words):
        raise UsageProblem(f"{option} is KEY=VALUE.")
    return pairs


def _told(done: Converted) -> list[str]:
    counts = ", ".join(f"{done.rows[part]} {part}" for part in PARTS)
    lines = [f"Wrote {done.out}: {counts}."]
    if done.left_out.total:
        lines.append(f"Left out: {several(done.left_out.total, 'row')}.")
        lines += [f"  {count}: {kind}" for kind, count in done.left_out.counts.most_common()]
        lines += [f"    {one}" for one in done.left_out.named]
    for kind, found in done.repeats.items():
        if found:
            lines.append(f"In several parts, {kind}: {len(found)}.")
            lines += [f"    {one}" for one in found[:5]]
    return [*lines, *done.notes]


def run_show(arguments: argparse.Namespace, context: Context) -> int:
    """What dataset.json says."""
    dataset = open_dataset(arguments.folder)
    context.printer.say("\n".join(_shown(dataset)), **dict(dataset.facts))
    return 0


def _shown(dataset: Dataset) -> list[str]:
    facts: dict[str, Any] = dict(dataset.facts)
    lines = [f"{dataset.name}: {facts.get('title', dataset.source)}", f"Licence: {dataset.licence}"]
    for part in PARTS:
        tasks = ", ".join(f"{count} {task}" for task, count in facts["rows"][part].items())
        groups = facts["groups"][part]
        whose = several(groups, "patient or image", "patients or images")
        lines.append(f"{part}: {tasks or 'nothing'}; {whose}")
    lines.append(f"Parted by: {facts.get('split', 'whoever wrote it')}")
    for task, answers in facts["answers"].items():
        first = "; ".join(one[:60] for one in answers[:_MOST_ANSWERS])
        lines.append(f"Answers of {task} in the training part: {len(answers)} ({first})")
    if left_out := facts.get("left_out"):
        lines.append(f"Left out: {sum(left_out.values())} rows")
        lines += [f"  {count}: {kind}" for kind, count in left_out.items()]
    for kind, found in facts.get("duplicates", {}).items():
        if found["count"]:
            lines.append(f"In several parts, {kind}: {found['count']}")
    return [*lines, *facts.get("notes", [])]


def run_check(arguments: argparse.Namespace, context: Context) -> int:
    """Name what is wrong; FAULTY when something is."""
    dataset = open_dataset(arguments.folder)
    checked = check_dataset(dataset, Silent if context.printer.as_json else Bar)
    lines = [f"Wrong: {fault}" for fault in checked.faults] + list(checked.notes)
    if not checked.faults:
        lines.insert(0, f"Nothing is wrong in {sum(checked.rows.values())} rows.")
    context.printer.say(
        "\n".join(lines),
        rows=dict(checked.rows),
        faults=[
            {"kind": one.kind, "count": one.count, "named": one.named} for one in checked.faults
        ],
        notes=list(checked.notes),
    )
    return FAULTY if checked.faults else 0
