"""`wetread model import` and `wetread model remove`: models come in and go."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from dicom_io.audit import Event
from model_backend.folder import OWN, ModelFolder, find_model
from model_backend.importing.licence import LICENCE
from model_backend.importing.problems import ImportProblem
from model_backend.request import BadCheckpoint, NoModel
from plugin._commands.child import ask_module
from plugin._commands.context import Context, UsageProblem


def add(what: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the commands below `wetread model`."""
    bring = what.add_parser(
        "import",
        help="import a published checkpoint",
        description="Import a published BiomedGPT checkpoint: a fairseq-style file, a folder in "
        f"the transformers style, or a hub's repository. {LICENCE}",
    )
    bring.add_argument("source", metavar="SOURCE", help="FILE, FOLDER or owner/name[@revision]")
    bring.add_argument("--name", default="", help="of the model (default: the source's)")
    bring.add_argument("--acknowledge", default="", metavar="NAME", help="the licence, as NAME")
    bring.add_argument("--file", default="", metavar="NAME", help="which of several checkpoints")
    bring.add_argument("--revision", default="", help="a branch, tag or commit on the hub")
    bring.add_argument(
        "--ema",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="take the averaged weights (default: where published evaluations do)",
    )
    bring.add_argument(
        "--task",
        action="append",
        default=[],
        metavar="TASK",
        help="what it was trained for, instead of what the file says; may be repeated",
    )
    bring.add_argument("--answers", type=Path, metavar="FILE", help="the closed list: text or JSON")
    bring.add_argument("--token-file", type=Path, metavar="FILE", help="with the hub's token")
    bring.add_argument("--replace", action="store_true", help="take the place of a model")
    bring.set_defaults(run=run_import)

    remove = what.add_parser("remove", help="delete a model from the data folder")
    remove.add_argument("name", metavar="MODEL", help="its name")
    remove.add_argument("--yes", action="store_true", help="do not ask")
    remove.set_defaults(run=run_remove)


def run_import(arguments: argparse.Namespace, context: Context) -> int:
    """Import in a process of its own, so that torch never meets Qt."""
    person = arguments.acknowledge.strip() or _ask_person(context)
    # Before the work: what cannot be recorded is not begun.
    context.audit.record(
        Event.MODELS_CHANGED,
        change="licence acknowledged",
        source=arguments.source[:200],
        person=person[:120],
    )
    said = ask_module("model_backend.importing", _words(arguments, context, person))
    if "error" in said or not said:
        raise ImportProblem(
            said.get("error")
            or "The import ended unexpectedly; perhaps the memory was full. Nothing was imported."
        )
    context.audit.record(
        Event.MODELS_CHANGED,
        change="imported",
        model=said["name"],
        sha256=said["sha256"],
        origin=said["origin"],
    )
    for note in said["notes"]:
        context.printer.progress(note)
    averaged = "averaged (EMA) weights, " if said["averaged"] else ""
    context.printer.say(
        f"Imported {said['name']}: {said['size'] or 'an unpublished size'}, {averaged}"
        f"{said['bytes'] / 10**6:.0f} MB, for {', '.join(said['tasks'])}. "
        f"Measure it before you trust it: wetread model check {said['name']} LABELLED. "
        f'It is asked when settings.toml names it: [model] name = "{said["name"]}", or answers, '
        "reports or summaries for a part of the tasks.",
        **said,
    )
    return 0


def _words(arguments: argparse.Namespace, context: Context, person: str) -> list[str]:
    words = [f"--models={context.root.models}", f"--acknowledge={person}"]
    for option in ("name", "file", "revision", "answers", "token_file"):
        if value := getattr(arguments, option):
            words.append(f"--{option.replace('_', '-')}={value}")
    words += [f"--task={task}" for task in arguments.task]
    if arguments.ema is not None:
        words.append("--ema" if arguments.ema else "--no-ema")
    if arguments.replace:
        words.append("--replace")
    if context.printer.as_json:
        words.append("--quiet")
    return [*words, "--", arguments.source]


def _ask_person(context: Context) -> str:
    """The name that a person types at the terminal below the licence. Raises UsageProblem."""
    if context.printer.as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageProblem(
            "Nothing was imported: acknowledge the licence with --acknowledge "
            f'"YOUR NAME". It says: {LICENCE}'
        )
    print(f"{LICENCE}\n", file=sys.stderr)
    print("Type your name to acknowledge this, or nothing to stop: ", end="", file=sys.stderr)
    sys.stderr.flush()
    person = sys.stdin.readline().strip()
    if not person:
        raise UsageProblem("Nothing was imported: the licence was not acknowledged.")
    return person


def run_remove(arguments: argparse.Namespace, context: Context) -> int:
    """Delete a model of the data folder; never the embedded one."""
    path = _removable(arguments.name, context.root.models)
    size = sum(one.lstat().st_size for one in path.rglob("*") if one.is_file())
    if not arguments.yes:
        _confirm(f"Delete the model {path.name} ({size / 10**6:.0f} MB)?", context)
    try:
        sha256 = ModelFolder.read(path).sha256
    except (NoModel, BadCheckpoint):
        sha256 = ""  # damaged, which is a reason to remove it
    context.audit.record(Event.MODELS_CHANGED, change="removed", model=path.name, sha256=sha256)
    if path.is_symlink():
        path.unlink()  # what it points to is not ours
    else:
        shutil.rmtree(path)
    context.printer.say(
        f"Removed {path.name}; {size / 10**6:.0f} MB are free again.", name=path.name, bytes=size
    )
    return 0


def _removable(name: str, models: Path) -> Path:
    """The folder of a model that may be deleted. Raises NoModel or UsageProblem."""
    path = models / name
    if path.parent == models and name not in ("", ".", "..") and (path / "model.json").exists():
        return path
    if find_model(name, models).path in OWN:
        raise UsageProblem(f"The model {name} is part of Wetread and cannot be removed.")
    raise UsageProblem(f"The model {name} is not in {models}; only models there are removed.")


def _confirm(question: str, context: Context) -> None:
    if context.printer.as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageProblem("Nothing was removed: say --yes where nobody can be asked.")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageProblem("Nothing was removed.")
