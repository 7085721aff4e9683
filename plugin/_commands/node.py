"""`wetread node`: the archives that the settings name, and their secrets."""

from __future__ import annotations

import argparse
import getpass
import sys
from dataclasses import replace

from dicom_io.audit import Event
from dicom_io.errors import BadNode
from dicom_io.pacs.connect import source_for
from dicom_io.pacs.node import Node, checked_node, parse_node
from dicom_io.pacs.secrets import keep_secret
from plugin._commands.context import Context, UsageProblem


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the commands."""
    group = commands.add_parser("node", help="name archives and keep their secrets")
    what = group.add_subparsers(metavar="WHAT", required=True)

    listing = what.add_parser("list", help="the archives in the settings")
    listing.set_defaults(run=run_list)

    adding = what.add_parser(
        "add",
        help="name an archive",
        description="Name an archive in the settings, or change it. An archive has a DICOM "
        "address, a DICOMweb address, or both; studies then come over DICOMweb.",
    )
    adding.add_argument("name", metavar="NAME", help="what you call it")
    adding.add_argument("address", metavar="ADDRESS", help="AET@HOST:PORT or https://…/dicom-web")
    adding.add_argument("--web", default="", metavar="URL", help="its DICOMweb address, beside AET")
    adding.add_argument("--calling-aet", default="", metavar="AET", help="what we call ourselves")
    adding.add_argument(
        "--listen", type=int, default=0, metavar="PORT", help="ours, for an archive without C-GET"
    )
    adding.add_argument("--user", default="", help="of DICOMweb; without one a token is meant")
    adding.add_argument(
        "--authority", default="", metavar="PEM", help="the authority behind its certificate"
    )
    adding.add_argument("--tls", action="store_true", help="encrypt DICOM associations")
    adding.add_argument(
        "--certificate", default="", metavar="PEM", help="ours with its key, if it asks for one"
    )
    adding.add_argument(
        "--charset", default="", metavar="SET", help="of its answers, if it declares a wrong one"
    )
    adding.set_defaults(run=run_add)

    removing = what.add_parser("remove", help="take an archive and its secret out")
    removing.add_argument("name", metavar="NAME")
    removing.set_defaults(run=run_remove)

    secret = what.add_parser(
        "secret",
        help="keep an archive's password or token",
        description="Keep an archive's password or token in the system's keyring. It is asked "
        "for, or read from a pipe, and never stands in the settings or a log. Nothing typed: the "
        "secret is taken out.",
    )
    secret.add_argument("name", metavar="NAME")
    secret.set_defaults(run=run_secret)

    asking = what.add_parser("echo", help="ask an archive whether it is there")
    asking.add_argument("name", metavar="NAME", help="its name or address")
    asking.set_defaults(run=run_echo)


def run_list(arguments: argparse.Namespace, context: Context) -> int:
    """One line an archive."""
    for node in context.settings.nodes:
        web = node.web if node.web != node.address else ""
        context.printer.say(
            "  ".join(part for part in (node.name, node.address, web) if part),
            name=node.name,
            address=node.address,
            web=node.web,
            user=node.user,
            calling_aet=node.calling_aet,
        )
    return 0


def run_add(arguments: argparse.Namespace, context: Context) -> int:
    """Write one node into the settings."""
    if not arguments.name.strip() or "@" in arguments.name:
        raise UsageProblem("Give the archive a NAME of its own, without @.")
    node = replace(
        parse_node(arguments.address),
        name=arguments.name,
        user=arguments.user,
        authority=arguments.authority,
        listen=arguments.listen,
        tls=arguments.tls,
        certificate=arguments.certificate,
        charset=arguments.charset,
    )
    if arguments.web:
        node = replace(node, web=arguments.web.rstrip("/"))
    if arguments.calling_aet:
        node = replace(node, calling_aet=arguments.calling_aet)
    _write(context, (*_others(context, node.name), checked_node(node)))
    context.printer.say(f"{node} is in the settings.", name=node.name, address=node.address)
    return 0


def run_remove(arguments: argparse.Namespace, context: Context) -> int:
    """Take a node and its secret out."""
    node = _named(context, arguments.name)
    _write(context, _others(context, node.name))
    if node.web:
        keep_secret(node.name, "")
    context.printer.say(f"{node} is no longer in the settings.", name=node.name)
    return 0


def run_secret(arguments: argparse.Namespace, context: Context) -> int:
    """Ask for the secret and give it to the keyring."""
    node = _named(context, arguments.name)
    if sys.stdin.isatty():
        secret = getpass.getpass(f"Password or token of {node.name}: ")
    else:
        secret = sys.stdin.readline().rstrip("\n")
    keep_secret(node.name, secret)
    said = "The keyring keeps it." if secret else "The keyring holds none any more."
    context.printer.say(said, name=node.name, kept=bool(secret))
    return 0


def run_echo(arguments: argparse.Namespace, context: Context) -> int:
    """The time of one answer."""
    source = source_for(parse_node(arguments.name, context.settings.nodes))
    seconds = source.echo()
    context.printer.say(
        f"{source.node} answered in {seconds * 1000:.0f} ms ({source.way}).",
        name=source.name,
        milliseconds=round(seconds * 1000, 1),
        way=source.way,
    )
    return 0


def _named(context: Context, name: str) -> Node:
    for node in context.settings.nodes:
        if node.name == name:
            return node
    known = ", ".join(node.name for node in context.settings.nodes) or "none"
    raise BadNode(f"The settings have no archive called {name} ({known}).", name)


def _others(context: Context, name: str) -> tuple[Node, ...]:
    return tuple(node for node in context.settings.nodes if node.name != name)


def _write(context: Context, nodes: tuple[Node, ...]) -> None:
    replace(context.settings, nodes=nodes).write(context.root.settings)
    context.audit.record(Event.NODES_CHANGED, count=len(nodes))
