"""`wetread model check`, `calibrate` and `controls`: a model against a labelled set."""

from __future__ import annotations

import argparse
from pathlib import Path

from dicom_io.audit import Event
from model_backend.folder import find_model
from plugin._commands.child import run_module
from plugin._commands.context import Context
from plugin._model import leaves_computer

# What follows MODEL and LABELLED and is passed on to the process as it is.
PASSED = ("task", "split", "part", "dataset", "size", "device", "precision", "threads")


def add(what: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the commands below `wetread model`."""
    check = what.add_parser(
        "check",
        help="measure a model on a labelled set, beside what its authors report",
        description="Measure a model on a labelled set and hold it to what its authors report. "
        "The result is kept in the model's model.json. The exit code is 3 when the model is not "
        "what its name says.",
    )
    _declare(check)
    check.add_argument("--dataset", metavar="NAME", help="the set's name, such as vqa_rad")
    check.add_argument("--size", metavar="SIZE", help="the model's size, such as base")
    check.set_defaults(run=run_check)

    calibrate = what.add_parser(
        "calibrate",
        help="fit a model's probabilities on a labelled set",
        description="Fit the temperature of a task's probabilities on a labelled set, test it on "
        "patients or images left out, and keep it in the model's model.json.",
    )
    _declare(calibrate)
    calibrate.set_defaults(run=run_calibrate)

    controls = what.add_parser(
        "controls",
        help="fit below which movement an answer was not read off the picture",
        description="Ask yes/no questions about films, grey, noise and mirrored films, with the "
        "model's eyes open and shut; fit the margin that parts the two, test it on patients or "
        "images left out, and keep it in the model's controls.json.",
    )
    _declare(controls)
    controls.add_argument(
        "--also", type=Path, action="append", default=[], metavar="LABELLED", help="one more set"
    )
    controls.set_defaults(run=run_controls)


def _declare(command: argparse.ArgumentParser) -> None:
    command.add_argument("model", metavar="MODEL", help="a name or a folder")
    command.add_argument(
        "labelled",
        type=Path,
        metavar="LABELLED",
        help="a .jsonl file, a .tsv file of the authors', or a folder (docs/checking.md)",
    )
    declare_asking(command)
    keep = command.add_mutually_exclusive_group()
    keep.add_argument("--write", action="store_true", help="into a model of Wetread's own, too")
    keep.add_argument("--no-write", action="store_true", help="leave model.json as it is")


def declare_asking(command: argparse.ArgumentParser) -> None:
    """Which cases are asked, and how the model runs."""
    command.add_argument("--task", metavar="TASK", help="what the rows ask, if they do not say")
    command.add_argument(
        "--split",
        metavar="PART",
        help="only this part: as rows name it, or held_out, validation, training by Wetread's rule",
    )
    command.add_argument("--part", type=int, metavar="N", help="only N cases, always the same")
    command.add_argument("--device", metavar="DEVICE", help="auto, cpu, cuda or mps")
    command.add_argument("--precision", metavar="PRECISION", help="auto, fp32, bf16 or int8")
    command.add_argument("--threads", type=int, metavar="N", help="processor threads")


def run_check(arguments: argparse.Namespace, context: Context) -> int:
    """Measure in a process of its own, so that torch never meets Qt."""
    return run_module("model_backend.evaluation.check", words(arguments, context))


def run_calibrate(arguments: argparse.Namespace, context: Context) -> int:
    """Calibrate in a process of its own."""
    return run_module("model_backend.evaluation.fit", words(arguments, context))


def run_controls(arguments: argparse.Namespace, context: Context) -> int:
    """Fit the margins of the controls in a process of its own."""
    also = [f"--also={path}" for path in arguments.also]
    return run_module("model_backend.evaluation.margins", [*words(arguments, context), *also])


def words(arguments: argparse.Namespace, context: Context) -> list[str]:
    """The process's command line; device, precision and threads are those of the settings."""
    folder = find_model(arguments.model, context.root.models)
    if leaves_computer(address := folder.identity().address):
        context.audit.record(
            Event.EXPORTED_TO_MODEL,
            model=folder.name,
            address=address,
            what=f"labelled set {arguments.labelled.name}",
        )
    chosen = context.settings.model
    fallen = {"device": chosen.device, "precision": chosen.precision, "threads": chosen.threads}
    found = [str(folder.path.resolve()), str(arguments.labelled)]
    for name in PASSED:
        value = getattr(arguments, name, None)
        value = fallen.get(name) if value is None else value
        if value not in (None, "", 0):
            found.append(f"--{name}={value}")
    found += [f"--{name}" for name in ("write", "no-write") if getattr(arguments, _key(name))]
    return [*found, *(["--json"] if context.printer.as_json else [])]


def _key(name: str) -> str:
    return name.replace("-", "_")
