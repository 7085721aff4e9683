"""`wetread listen`: take what listed senders send, until Ctrl+C."""

from __future__ import annotations

import argparse
import re
import time
from contextlib import closing
from pathlib import Path

from dicom_io.audit import Event, Outcome
from dicom_io.errors import DicomProblem
from dicom_io.identity import Identity
from dicom_io.pacs.cache import Cache
from dicom_io.pacs.node import Node, checked_node
from dicom_io.pacs.station import Limits, Listening, Sender, Station, Visit
from plugin._commands.context import Context, UsageProblem, several

_SENDER = re.compile(r"(?P<aet>[^@]+)@(?P<host>[^\s@]+)")
_UID = re.compile(r"[0-9.]{1,64}")
_MIB = 1 << 20


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "listen",
        help="take what listed senders send (C-STORE)",
        description="Listen for C-STORE and C-ECHO until Ctrl+C, and keep what comes with the "
        "studies that are here. Only senders that are listed, by AE title and address, are heard.",
    )
    command.add_argument("--port", type=int, required=True, metavar="PORT", help="11112, say")
    command.add_argument(
        "--from",
        dest="senders",
        action="append",
        required=True,
        metavar="AET@HOST",
        help="who may send; may be given several times",
    )
    command.add_argument("--aet", default="WETREAD", metavar="AET", help="our title: WETREAD")
    command.add_argument("--address", default="", metavar="IP", help="listen on this address only")
    command.add_argument(
        "--study",
        dest="studies",
        action="append",
        metavar="UID",
        help="take only this study, which was asked for; may be given several times",
    )
    command.add_argument(
        "--largest", type=int, default=1024, metavar="MIB", help="one object at most: 1024"
    )
    command.add_argument(
        "--spare", type=int, default=512, metavar="MIB", help="of the disk, kept free: 512"
    )
    command.set_defaults(run=run_listen)


def run_listen(arguments: argparse.Namespace, context: Context) -> int:
    """Print a line for each object until Ctrl+C."""
    how = _how(arguments)
    with closing(Cache(context.root)) as cache:

        def kept(identity: Identity, path: Path) -> None:
            cache.add(path)
            context.printer.say(
                f"{identity.study}  {path.name}", study=identity.study, path=str(path)
            )

        station = Station(
            how,
            cache.study_folder,
            kept,
            over=lambda visit: _account(context, visit),
            alarmed=lambda sentence: _alarm(context, sentence),
        )
        with station.listening():
            context.printer.progress(f"{how.aet} listens on port {station.port}. Ctrl+C ends it.")
            while True:
                time.sleep(3600)


def _how(arguments: argparse.Namespace) -> Listening:
    senders = []
    for written in arguments.senders:
        parts = _SENDER.fullmatch(written)
        if parts is None:
            raise UsageProblem(f"--from takes AET@HOST, for example CT1@192.0.2.20, not {written}.")
        senders.append(Sender(parts["aet"].strip(), parts["host"].strip("[]")))
    for uid in arguments.studies or ():
        if not _UID.fullmatch(uid):
            raise UsageProblem(f"{uid} is no study's UID, which is digits and dots.")
    if arguments.largest < 1 or arguments.spare < 0:
        raise UsageProblem("--largest and --spare are whole numbers of MiB.")
    checked_node(Node("here", arguments.aet, "localhost", arguments.port))
    largest = arguments.largest * _MIB
    return Listening(
        arguments.aet,
        arguments.port,
        tuple(senders),
        arguments.address,
        frozenset(arguments.studies) if arguments.studies else None,
        Limits(
            object_bytes=largest,
            arriving_bytes=2 * largest,
            spare_bytes=arguments.spare * _MIB,
        ),
    )


def _account(context: Context, visit: Visit) -> None:
    """What a sender brought, for the audit and, where something was refused, for the person."""
    for identity, count in visit.received:
        context.audit.record(
            Event.RECEIVED,
            identity,
            node=visit.sender.aet,
            address=visit.sender.host,
            count=count,
        )
    if visit.refused:
        sentence = f"{several(visit.refused, 'object')} of {visit.sender.aet} refused."
        context.printer.progress(sentence)


def _alarm(context: Context, sentence: str) -> None:
    context.printer.progress(sentence)
    try:
        context.audit.record(
            Event.SECURITY_ALERT, outcome=Outcome.MINOR_FAILURE, said=sentence, kind="listener"
        )
    except DicomProblem as problem:
        context.printer.progress(str(problem))
