"""`wetread task`: any task of a model, about an image, a box of it, or texts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dicom_io.audit import Event
from model_backend.folder import ModelFolder, list_models
from model_backend.request import Decoding
from model_backend.tasks import TASKS, Task
from plugin._commands.context import Context, UsageProblem
from plugin._commands.film import choose_frame, parse_box
from plugin._commands.question import ended, show_reply
from plugin._reply import Reply
from plugin._roles import role_of
from plugin._tasks import Given, ask_task, reads, task_of

LONGEST_TEXT = 2**20  # bytes of a text file; a model reads some hundred words of it


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "task",
        help="any task of a model; wetread task list names them",
        description="Put any task to the model that the settings choose for it: wetread task list "
        "names the tasks and who has them. Boxes are stored columns and rows from the top left "
        "corner, on the way in and on the way out.",
    )
    command.add_argument("task", metavar="list|NAME")
    command.add_argument("file", nargs="?", type=Path, metavar="FILE", help="DICOM, PNG or JPEG")
    for name, what in (("text", "the first text"), ("text2", "the second text")):
        command.add_argument(f"--{name}", default="", metavar="T", help=f"{what} of the task")
        command.add_argument(
            f"--{name}-file", type=Path, metavar="F", help=f"{what}, from a file; - is the input"
        )
    command.add_argument("--candidates", default=None, metavar="A,B,C", help="the possible answers")
    command.add_argument(
        "--candidates-file", type=Path, metavar="F", help="the same, one a line; - is the input"
    )
    command.add_argument("--box", default="", metavar="X0,Y0,X1,Y1", help="of the image")
    command.add_argument("--frame", type=int, default=1, metavar="N", help="from 1")
    command.add_argument("--beam", type=int, default=1, metavar="N", help="width of the search")
    command.add_argument("--max-tokens", type=int, default=0, metavar="N", help="limit of a text")
    command.add_argument("--seed", type=int, default=0, metavar="N")
    command.add_argument(
        "--by-trie",
        action="store_true",
        help="search the candidates by a beam over their trie, unnormalised, instead of scoring "
        "each; the two agree where the beam is as wide as the list",
    )
    command.add_argument("--model", default="", metavar="NAME", help="instead of the settings'")
    command.set_defaults(run=run_task)


def run_task(arguments: argparse.Namespace, context: Context) -> int:
    """List the tasks, or put one of them to its model."""
    if arguments.task == "list":
        return run_list(context)
    task = task_of(arguments.task)
    given = given_by(arguments, task)
    frame = choose_frame(arguments.file, arguments.frame) if arguments.file else None
    models = context.models()
    if arguments.model:
        models = models.only(arguments.model)
    model = models.folder(role_of(task.name))
    context.printer.progress(f"Asking {model.name}.")
    reply: Reply | None = None
    for stage in ask_task(task.name, given, models.ask, frame=frame, model=model):
        reply = stage
    identity = frame.identity if frame is not None else None
    context.audit.record(Event.ACCESSED_BY_MODEL, identity, model=model.name, task=task.name)
    show_reply(context, ended(reply))
    return 0


def given_by(arguments: argparse.Namespace, task: Task) -> Given:
    """What the options name. Raises UsageProblem."""
    if arguments.beam < 1 or arguments.max_tokens < 0:
        raise UsageProblem("--beam is a number from 1, --max-tokens one from 1 too.")
    return Given(
        text=text_of(arguments.text, arguments.text_file, "--text"),
        text2=text_of(arguments.text2, arguments.text2_file, "--text2"),
        candidates=candidates_of(arguments.candidates, arguments.candidates_file),
        box=parse_box(arguments.box),
        decoding=Decoding(
            beam=arguments.beam,
            max_tokens=arguments.max_tokens or task.max_tokens,
            normalize=not arguments.by_trie,  # as the published evaluation of closed lists
            by_trie=arguments.by_trie,
        ),
        seed=arguments.seed,
    )


def candidates_of(named: str | None, file: Path | None) -> tuple[str, ...]:
    """Parted by commas, or the lines of a file that are not blank. Raises UsageProblem."""
    if file is None:
        return tuple(named.split(",")) if named is not None else ()
    lines = text_of(named or "", file, "--candidates").splitlines()
    if not (given := tuple(line.strip() for line in lines if line.strip())):
        raise UsageProblem(f"{file} names no candidates. Write one a line.")
    return given


def text_of(text: str, file: Path | None, option: str) -> str:
    """A text given as it is or in a file. Raises UsageProblem."""
    if file is None:
        return text
    if text:
        raise UsageProblem(f"Give {option} or {option}-file, not both.")
    if str(file) == "-":
        return sys.stdin.read(LONGEST_TEXT)
    try:
        with file.open("rb") as body:
            return body.read(LONGEST_TEXT).decode("utf-8", "replace")
    except OSError as error:
        raise UsageProblem(f"{file} cannot be read ({error.strerror}).") from error


def run_list(context: Context) -> int:
    """A line for each task: what it reads, what it gives, which installed models have it."""
    folders = list_models(context.root.models)
    rows = [(task.name, task.title, reads(task), having(task, folders)) for task in TASKS.values()]
    heads = ("TASK", "TITLE", "READS", "MODELS")
    widths = [max(len(row[place]) for row in (heads, *rows)) for place in range(3)]
    if not context.printer.as_json:
        context.printer.say(_line(heads, widths))
    for row, task in zip(rows, TASKS.values(), strict=True):
        context.printer.say(
            _line(row, widths),
            task=task.name,
            title=task.title,
            reads=row[2].split(", "),
            gives=task.gives,
            candidates=list(task.candidates),
            published=task.is_published,
            role=role_of(task.name),
            models=[one.name for one in folders if task.name in one.tasks],
        )
    return 0


def having(task: Task, folders: tuple[ModelFolder, ...]) -> str:
    """The names of the models that have the task."""
    return ", ".join(one.name for one in folders if task.name in one.tasks) or "none"


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
    return "  ".join([*padded, row[-1]])
