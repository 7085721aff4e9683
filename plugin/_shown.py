"""The model in the bottom line: name, version, hash, device, and its measured quality."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dicom_io.settings import ModelSettings
from model_backend.client import ModelClient
from model_backend.request import ModelError, ModelIdentity
from plugin._model import shared_client
from ui.host import Host


@dataclass(frozen=True)
class Shown:
    """What the bottom line says of the model."""

    text: str
    quality: str = ""
    explanation: str = ""


def client_of(host: Host) -> ModelClient:
    """The shared client of the model that the settings name; for a pool thread.

    Raises NoModel and BadCheckpoint.
    """
    chosen = host.settings(ModelSettings)
    return shared_client(host.root, chosen.name, threads=chosen.threads)


def show_model(host: Host) -> None:
    """Look which model there is and say it; a missing one is told, reading goes on."""

    def look(cancelled: Callable[[], bool]) -> Iterator[Shown]:
        client = client_of(host)
        card = client.folder.path / "card.json"
        yield Shown(identity_words(client.identity), *quality_words(card.read_text("utf-8"))
                    if card.is_file() else ())  # fmt: skip

    def show(shown: Shown) -> None:
        host.show_state("model", shown.text, "quiet", "The model that drafts and answers here.")
        host.show_state("quality", shown.quality, "quiet", shown.explanation)

    host.jobs.start(look, on_item=show, on_failed=lambda error: tell(host, error), pool="model")


def identity_words(model: ModelIdentity) -> str:
    """Name, version, hash and device, as far as they are known."""
    parts = [f"{model.name} {model.version}", f"sha256 {model.sha256[:6]}…"]
    return " · ".join([*parts, *([model.device.upper()] if model.device else [])])


def quality_words(card: str) -> tuple[str, str]:
    """The one line and the explanation that a model's card gives for this kind of image."""
    try:
        content = json.loads(card)
    except json.JSONDecodeError:
        return "", "The model's card cannot be read."
    return str(content.get("headline", "")), str(content.get("summary", ""))


def tell(host: Host, error: Exception) -> None:
    """Say what is wrong with the model; what is no known problem goes where bugs go."""
    if not isinstance(error, ModelError):
        host.jobs.failed.emit(error)
        return
    host.say(str(error), "alarm")
    host.show_state("model", "no model", "alarm", str(error))
