"""`wetread model connect`: a model that a server at the site runs."""

from __future__ import annotations

import argparse
import getpass
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from dicom_io.audit import Event
from model_backend.chat.settings import LIST_MODELS, Address, is_in_cloud
from model_backend.chat.wording import TASKS as CHAT_TASKS
from model_backend.client import ModelClient
from model_backend.folder import FILE, Finding, ModelFolder, find_model, write_model
from model_backend.request import CHOICE, Answer, ImageInput, ModelDied, ModelError, Request
from model_backend.tasks import TASKS
from plugin._commands.context import Context, UsageProblem

SENT = (
    "Sent with each question: its words, and the pixels of the image or box as a PNG that holds "
    "nothing else. Not sent: anything of the patient, identifiers, file names, the report."
)
WHICH_TONE = "Is this picture black or white?"
TONES = {"white": 255, "black": 0}  # grey values
SIDE = 224  # pixels; some models take no smaller pictures
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


def add(what: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command below `wetread model`."""
    command = what.add_parser(
        "connect",
        help="use a model that a chat server runs",
        description="Use a model that a server with the OpenAI-compatible chat API runs, such as "
        f"vLLM, Ollama or llama.cpp. {SENT}",
    )
    command.add_argument("url", metavar="URL", help="such as http://127.0.0.1:8000/v1")
    command.add_argument("--name", default="", help="what the model is called here")
    command.add_argument("--model", default="", metavar="ID", help="where the server has several")
    command.add_argument("--key-file", type=Path, metavar="F", help="a file with the API key")
    command.add_argument("--key-env", default="", metavar="V", help="a variable with the API key")
    command.add_argument("--ca-file", type=Path, metavar="F", help="the certificates to trust")
    command.add_argument("--findings", default="", metavar="MODEL", help="draft with its list")
    command.add_argument(
        "--acknowledge-export",
        action="store_true",
        help="pictures may be sent to a server that is not on this computer",
    )
    command.set_defaults(run=run_connect)


def run_connect(arguments: argparse.Namespace, context: Context) -> int:
    """Ask the server for its models and write the folder of the chosen one."""
    address = Address.parse(arguments.url)
    acknowledged = _acknowledged(arguments)
    if arguments.name:
        _place(context.root.models, arguments.name)
    findings = _findings(arguments.findings, context)
    if not address.is_loopback and not acknowledged:
        https = "" if address.scheme == "https" else " It has to speak https for that."
        raise UsageProblem(_must_acknowledge(address.origin) + https)
    config = _config(arguments, address)
    context.printer.progress(f"Asking {address.origin} for its models.")
    chosen = _choose(_models_of(config, acknowledged), arguments.model, address)
    if is_in_cloud(chosen) and not acknowledged:
        raise UsageProblem(_must_acknowledge(f"{chosen} in Ollama's cloud"))
    context.printer.progress(f"Showing {chosen} a white picture and a black one.")
    config["model"] = chosen
    blindness = _blindness(config, acknowledged)
    name = arguments.name or _name_for(chosen)
    folder = ModelFolder(
        path=_place(context.root.models, name),
        name=name,
        model_version=chosen,
        backend="chat",
        tasks=tuple(one for one in CHAT_TASKS if not (blindness and TASKS[one].has_image)),
        config=config,
        findings=() if blindness else findings,
        use="research only",
        origin=address.url,
        acknowledged=acknowledged,
    )
    _write(folder, context)
    _tell(folder, blindness, context)
    return 0


def _write(folder: ModelFolder, context: Context) -> None:
    folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_model(folder)
    context.audit.record(
        Event.MODELS_CHANGED,
        change="connected",
        model=folder.name,
        version=folder.model_version,
        address=folder.identity().address,
        acknowledged=folder.acknowledged,
    )


def _tell(folder: ModelFolder, blindness: str, context: Context) -> None:
    address = folder.identity().address
    lines = [f"Connected {folder.name}: {folder.model_version} at {address}."]
    if folder.acknowledged:
        lines.append(f"Pictures leave this computer, to {address}.")
    if blindness:
        lines.append(f"{blindness} It is asked about texts only; connect it again once it sees.")
    lines += [SENT, f'To use it: name = "{folder.name}" below [model] in {context.root.settings}.']
    context.printer.say(
        "\n".join(lines),
        name=folder.name,
        model=folder.model_version,
        address=address,
        path=str(folder.path),
        tasks=list(folder.tasks),
        sees=not blindness,
        sent=SENT,
        acknowledged=folder.acknowledged or None,
    )


@contextmanager
def _asking(config: dict[str, Any], acknowledged: str) -> Iterator[ModelClient]:
    """The model process, which alone opens a socket to the server."""
    with tempfile.TemporaryDirectory(prefix="wetread-connect-") as place:
        folder = ModelFolder(
            path=Path(place),
            name="connecting",
            model_version="",
            backend="chat",
            tasks=CHAT_TASKS,
            config={"model": LIST_MODELS, **config},
            acknowledged=acknowledged,
        )
        write_model(folder)
        with ModelClient(folder) as client:
            yield client


def _models_of(config: dict[str, Any], acknowledged: str) -> tuple[str, ...]:
    with _asking(config, acknowledged) as client:
        for event in client.ask([Request(LIST_MODELS)]):
            if isinstance(event, Answer):
                return tuple(event.text.splitlines())
    raise ModelDied("The server's models could not be listed. Try again.")


def _blindness(config: dict[str, Any], acknowledged: str) -> str:
    """Why the model is taken to see no pictures, in a sentence; "" for one that sees.

    Some servers pass the words on and drop the picture, and the model then answers all the same.
    A white and a black picture are told apart by any model that sees them, and by no other.
    """
    pictures = {tone: np.full((SIDE, SIDE), value, np.uint8) for tone, value in TONES.items()}
    requests = [
        Request(CHOICE, (ImageInput(pixels),), WHICH_TONE, tuple(TONES))
        for pixels in pictures.values()
    ]
    with _asking(config, acknowledged) as client:
        try:
            said = [event.text for event in client.ask(requests) if isinstance(event, Answer)]
        except ModelError as error:
            return f"The picture was not taken: {error}"
    return "" if said == list(TONES) else f"{config['model']} did not tell black from white."


def _choose(models: tuple[str, ...], wanted: str, address: Address) -> str:
    if wanted in models:
        return wanted
    listed = ", ".join(models)
    if not models:
        raise UsageProblem(f"The server {address.origin} has no model. Load one there first.")
    if wanted:
        raise UsageProblem(f"The server {address.origin} has no model {wanted}; it has: {listed}.")
    if len(models) > 1:
        raise UsageProblem(f"Say which model with --model ID. The server has: {listed}.")
    return models[0]


def _config(arguments: argparse.Namespace, address: Address) -> dict[str, Any]:
    """What `model.json` will say of the server; of the key only where it lies."""
    config: dict[str, Any] = {"url": address.url}
    if arguments.key_file:
        config["key_file"] = str(arguments.key_file.resolve())
    if arguments.key_env:
        config["key_env"] = arguments.key_env
    if arguments.ca_file:
        config["ca_file"] = str(arguments.ca_file.resolve())
    return config


def _acknowledged(arguments: argparse.Namespace) -> str:
    """When and by whom, where it was."""
    if not arguments.acknowledge_export:
        return ""
    return f"{datetime.now().astimezone().isoformat(timespec='seconds')} {getpass.getuser()}"


def _must_acknowledge(where: str) -> str:
    return (
        f"Pictures would leave this computer, to {where}. {SENT} If that is right, say so with "
        "--acknowledge-export."
    )


def _findings(name: str, context: Context) -> tuple[Finding, ...]:
    """The list of another model, without what was tuned to that model's probabilities."""
    if not name:
        return ()
    listed = find_model(name, context.root.models).findings
    if not listed:
        raise UsageProblem(f"The model {name} has no list of findings. Name another one.")
    return tuple(
        Finding(one.name, one.question, one.sentence_present, one.sentence_absent, one.after)
        for one in listed
    )


def _name_for(model: str) -> str:
    """A name of a folder from the server's id, such as a path to a file of weights."""
    last = model.replace("\\", "/").rstrip("/").rpartition("/")[2].removesuffix(".gguf")
    return _UNFIT.sub("-", last).strip("-._")[:64] or "chat"


def _place(models: Path, name: str) -> Path:
    """The folder of that name: a new one, or that of a model of the same kind."""
    if _UNFIT.search(name) or not name[:1].isalnum() or len(name) > 64:
        raise UsageProblem(f"{name[:64]!r} is no name of a model. Names are letters, digits, . _ -")
    path = models / name
    if (path / FILE).exists() and ModelFolder.read(path).backend != "chat":
        raise UsageProblem(f"There is another model called {name}. Choose a --name.")
    return path
