"""`wetread worklist`: what is scheduled, asked of a modality worklist."""

from __future__ import annotations

import argparse
from datetime import date

from dicom_io.audit import Event
from dicom_io.pacs.modality_worklist import ScheduledStep, Wish, scheduled
from plugin._commands.context import NODE_TEXT, Context, UsageProblem, several
from plugin._commands.network import is_dates, require_limit

TODAY = "today"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "worklist",
        help="list what is scheduled",
        description="Ask a modality worklist (a RIS) what is scheduled, one line a step, "
        "today's by default.",
    )
    command.add_argument(
        "text", nargs="?", default="", metavar="TEXT", help="name, patient ID or accession number"
    )
    command.add_argument(
        "--date",
        default=TODAY,
        metavar="YYYYMMDD",
        help='or a range YYYYMMDD-YYYYMMDD, open too; today by default, "all" for any',
    )
    command.add_argument("--modality", default="", metavar="CR", help="CR, DX, CT, MR and so on")
    command.add_argument("--station", default="", metavar="AET", help="AE title of the device")
    command.add_argument("--limit", type=int, default=200, metavar="N", help="200 by default")
    command.add_argument("--node", default="", help=NODE_TEXT)
    command.set_defaults(run=run_worklist)


def run_worklist(arguments: argparse.Namespace, context: Context) -> int:
    """Print one line a step, in the order of their start."""
    require_limit(arguments.limit)
    wanted = {TODAY: f"{date.today():%Y%m%d}", "all": ""}.get(arguments.date, arguments.date)
    if wanted and not is_dates(wanted):
        raise UsageProblem(
            f"--date takes YYYYMMDD, YYYYMMDD-YYYYMMDD, today or all, not {arguments.date}."
        )
    node = context.node(arguments)
    wish = Wish(
        text=arguments.text,
        date=wanted,
        modality=arguments.modality.upper(),
        station=arguments.station,
        limit=arguments.limit,
    )
    steps = sorted(scheduled(node, wish), key=lambda step: (step.date, step.time, step.accession))
    for step in steps:
        show_step(context, step)
    context.audit.record(Event.QUERY, node=node.name, count=len(steps), what="worklist")
    context.printer.progress(f"{several(len(steps), 'step')} scheduled.")
    return 0


def show_step(context: Context, step: ScheduledStep) -> None:
    """One line."""
    context.printer.say(
        f"{step.date or '–':8} {step.time[:4] or '–':4}  {step.modality or '–':4} "
        f"{step.station or '–':16}  {step.accession or '–':10}  "
        f"{step.patient_name.replace('^', ', ', 1) or '–'}  {step.identity.patient_id or '–'}  "
        f"{step.description or '–'}",
        date=step.date,
        time=step.time,
        modality=step.modality,
        station=step.station,
        accession=step.accession,
        patient_name=step.patient_name,
        patient_id=step.identity.patient_id,
        issuer=step.identity.issuer,
        birth_date=step.birth_date,
        sex=step.sex,
        study=step.identity.study,
        procedure=step.procedure,
        description=step.description,
        physician=step.physician,
    )
