"""`wetread template`: the report templates that are here, in and out as MRRT."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dicom_io.image.frame import open_frames
from dicom_io.report.template.filling import defaults, sentences
from dicom_io.report.template.shelf import Shelf, fitting
from dicom_io.report.template.template import Field, Template
from plugin._commands.context import Context, UsageProblem, require_place, several

DOING = ("list", "show", "import", "export")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "template",
        help="report templates: list, show, import, export",
        description="Report templates are HTML5 forms after IHE MRRT. list names those that are "
        "here (with --for FILM those for such an image, the best first); show prints one, with "
        "--for filled in as far as the image tells; import takes files of any maker; export "
        "writes one.",
    )
    command.add_argument("doing", choices=DOING)
    command.add_argument("names", nargs="*", metavar="ID|FILE")
    command.add_argument("--for", dest="film", type=Path, metavar="FILM", help="an image")
    command.add_argument("--to", type=Path, metavar="FILE.html", help="where export writes")
    command.set_defaults(run=run_template)


def run_template(arguments: argparse.Namespace, context: Context) -> int:
    """One of the four."""
    shelf = Shelf(context.root.templates)
    if arguments.doing == "list":
        return _list(arguments, context, shelf)
    if not arguments.names:
        raise UsageProblem(f"Say which: wetread template {arguments.doing} ID or FILE.")
    if arguments.doing == "import":
        for name in arguments.names:
            _told(shelf.take(Path(name)), context, "imported")
        return 0
    if len(arguments.names) > 1:
        raise UsageProblem(f"wetread template {arguments.doing} takes one template.")
    template = shelf.template(arguments.names[0])
    if arguments.doing == "show":
        context.printer.say("\n".join(_lines(template, arguments)), **_data(template))
        return 0
    if arguments.to is None:
        raise UsageProblem("Say where to write it: --to FILE.html.")
    require_place(arguments.to)
    shelf.export(template.identifier, arguments.to)
    context.printer.say(f"{arguments.to}: {template.title}", out=str(arguments.to))
    return 0


def _list(arguments: argparse.Namespace, context: Context, shelf: Shelf) -> int:
    for problem in shelf.problems():
        context.printer.progress(problem)
    templates: list[Template] = list(shelf.templates())
    if arguments.film is not None:
        templates = fitting(templates, open_frames(arguments.film)[0].header)
    for one in templates:
        _told(one, context, "")
    return 0


def _told(template: Template, context: Context, what: str) -> None:
    """One line about a template; what was left out of it in reading goes beside."""
    for notice in template.notices:
        context.printer.progress(f"{template.identifier}: {notice}")
    count = len(template.fields())
    asked = len(template.questions())
    words = [
        template.identifier,
        template.title,
        template.language,
        "/".join(template.modalities),
        template.body_part,
        several(count, "field"),
        f"{asked} for the model" if asked else "",
        what,
    ]
    context.printer.say("  ".join(word for word in words if word), **_data(template))


def _lines(template: Template, arguments: argparse.Namespace) -> Iterator[str]:
    yield template.title
    if arguments.film is not None:
        header = open_frames(arguments.film)[0].header
        for kind, texts in sentences(template, defaults(template, header)).items():
            yield f"\n{kind.value}"
            yield from texts
        return
    for section in template.sections:
        yield f"\n{section.title}  [{section.kind.value}]"
        for one in section.fields:
            yield from _field(one)


def _field(one: Field) -> Iterator[str]:
    default = f" = {one.default}" if one.default else ""
    merge = f" from {one.merge}" if one.merge else ""
    unit = f" {one.unit}" if one.unit else ""
    yield f"  {one.label} ({one.kind.value}{unit}){merge}{default}"
    if one.question is not None:
        yield f"      asks: {one.question.text}"
    for option in one.options:
        if option.value:
            answer = f"  [{option.answer}]" if option.answer else ""
            yield f"      {option.text}: {option.value}{answer}"


def _data(template: Template) -> dict[str, Any]:
    return {
        "id": template.identifier,
        "title": template.title,
        "language": template.language,
        "modalities": list(template.modalities),
        "body_part": template.body_part,
        "fields": len(template.fields()),
        "questions": len(template.questions()),
        "sections": [section.title for section in template.sections],
    }
