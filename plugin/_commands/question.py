"""`wetread ask`: one question about an image or a box of it, or a list of questions."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dicom_io.audit import Event
from plugin._answering import answer_question
from plugin._batch import Step, ask_batch
from plugin._commands.context import Context, UsageProblem, require_place, several
from plugin._commands.film import choose_frame, parse_box
from plugin._reply import Found, Reply
from plugin._roles import Role

SHOWN = 20  # candidates that are printed for a person


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "ask",
        help="ask the model about an image",
        description="Ask the model about an image or a box of it. Where yes or no is the answer, "
        "or --choices names the answers, they are put in order, with a probability each where the "
        "model is calibrated.",
    )
    command.add_argument("file", nargs="?", type=Path, metavar="FILE", help="DICOM, PNG or JPEG")
    command.add_argument("question", nargs="?", default="", metavar="QUESTION")
    command.add_argument("--choices", default=None, metavar="A,B,C", help="the possible answers")
    command.add_argument(
        "--box",
        default="",
        metavar="X0,Y0,X1,Y1",
        help="stored columns and rows from the top left corner",
    )
    command.add_argument("--frame", type=int, default=1, metavar="N", help="from 1")
    command.add_argument(
        "--batch",
        type=Path,
        metavar="IN.jsonl",
        help='many questions: a line {"id", "image", "question", "choices"?, "box"?} each; goes on '
        "where it was stopped",
    )
    command.add_argument("--out", type=Path, metavar="OUT.jsonl", help="a line for each answer")
    command.set_defaults(run=run_ask)


def run_ask(arguments: argparse.Namespace, context: Context) -> int:
    """Ask once, or work through a list."""
    if arguments.batch:
        return work_through(ask_batch, "answers", arguments, context)
    if not arguments.file or not arguments.question:
        raise UsageProblem('Write: wetread ask FILE "question", or wetread ask --batch IN.jsonl.')
    choices: tuple[str, ...] = ()
    if arguments.choices is not None:
        choices = tuple(arguments.choices.split(","))
    frame = choose_frame(arguments.file, arguments.frame)
    models = context.models()
    model = models.folder("answers")
    context.printer.progress(f"Asking {model.name}.")
    reply: Reply | None = None
    for stage in answer_question(
        frame,
        arguments.question,
        models.ask,
        choices=choices,
        box=parse_box(arguments.box),
        model=model,
    ):
        reply = stage
    context.audit.record(Event.ACCESSED_BY_MODEL, frame.identity, model=model.name)
    show_reply(context, ended(reply))
    return 0


def ended(reply: Reply | None) -> Reply:
    """The last reply. Raises UsageProblem when there is none."""
    if reply is None or not reply.is_final:
        raise UsageProblem("The model ended without an answer. Ask again.")
    return reply


def show_reply(context: Context, reply: Reply) -> None:
    """The answer with what is known of it."""
    note = f"\n  ({reply.note})" if reply.note else ""
    text = f"refused: {reply.refusal}" if reply.refusal else said(reply)
    context.printer.say(
        f"{text}{''.join(candidate_lines(reply))}{note}",
        task=reply.task,
        question=reply.question,
        answer=reply.text or None,
        probabilities=dict(reply.probabilities) or None,
        order=list(reply.ranked) or None,
        places=[place_fields(found) for found in reply.places] or None,
        codes=list(reply.codes) or None,
        refusal=reply.refusal or None,
        calibrated=reply.calibrated,
        cut_off=reply.cut_off,
        read_whole=reply.read_whole,
        note=reply.note,
        model={
            "name": reply.model.name,
            "version": reply.model.version,
            "sha256": reply.model.sha256,
        }
        if reply.model
        else None,
    )


def said(reply: Reply) -> str:
    """The answer's words; places and codes as lines."""
    lines = [reply.text] if reply.text else []
    for found in reply.places:
        box = found.region
        lines.append(
            f"{found.label or 'there'}: columns {box.x0:.0f} to {box.x1:.0f}, "
            f"rows {box.y0:.0f} to {box.y1:.0f}"
        )
    if reply.codes:
        lines.append(f"{len(reply.codes)} codes: {' '.join(map(str, reply.codes))}")
    return "\n".join(lines) or "nothing"


def candidate_lines(reply: Reply) -> Iterator[str]:
    """The candidates with their probabilities; without calibration in their order alone."""
    known = dict(reply.probabilities)
    for place, name in enumerate(reply.ranked[:SHOWN], 1):
        yield f"\n  {name}: {known[name]:.2f}" if known else f"\n  {place}. {name}"
    if left := reply.ranked[SHOWN:]:
        yield f"\n  and {several(len(left), 'answer')} more"


def place_fields(found: Found) -> dict[str, Any]:
    """A place for a program: `box` is x0, y0, x1, y1 in stored columns and rows."""
    box = found.region
    return {"label": found.label, "box": [box.x0, box.y0, box.x1, box.y1]}


def work_through(
    batch: Callable[..., Iterator[Step]],
    role: Role,
    arguments: argparse.Namespace,
    context: Context,
) -> int:
    """Ask or draft every item of a list; what is done already is left alone."""
    if not arguments.out:
        raise UsageProblem("--batch needs --out OUT.jsonl for its results.")
    require_place(arguments.out)
    models = context.models()
    model, ask = models.folder(role), models.asker(role)
    done = failed = 0
    for step in batch(arguments.batch, arguments.out, ask, model=model):
        done, failed = done + 1, failed + ("error" in step.line)
        context.printer.progress(f"{step.number} of {step.total}: {step.line.get('id')}")
    wrong = f", {failed} of them with an error in place of an answer" if failed else ""
    context.printer.say(
        f"{arguments.out}: {several(done, 'item')} done{wrong}.",
        out=str(arguments.out),
        done=done,
        failed=failed,
    )
    return 0
