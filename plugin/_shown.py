"""The model in the bottom line: name, version, hash, device, and its measured quality."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dicom_io.settings import ModelSettings
from model_backend.evaluation.card_text import card_text
from model_backend.folder import ModelFolder
from model_backend.request import BadCheckpoint, ModelError, ModelIdentity
from plugin._model import Models
from ui.host import Host

NO_CARD = "The model has no card: nobody has measured it."


@dataclass(frozen=True)
class Shown:
    """What the bottom line says of the model."""

    text: str
    quality: str = ""
    explanation: str = ""


def models_of(host: Host) -> Models:
    """The models that the settings choose now."""
    return Models(host.root, host.settings(ModelSettings))


def show_model(host: Host) -> None:
    """Look which model there is and say it; a missing one is told, reading goes on."""

    def look(cancelled: Callable[[], bool]) -> Iterator[Shown]:
        models = models_of(host)
        quality, card = measured(models.folder("answers"))
        yield Shown(identity_words(models.identity("answers")), quality, card)

    def show(shown: Shown) -> None:
        host.show_state("model", shown.text, "quiet", "The model that drafts and answers here.")
        host.show_state("quality", shown.quality, "quiet", shown.explanation)

    host.jobs.start(look, on_item=show, on_failed=lambda error: tell(host, error), pool="model")


def identity_words(model: ModelIdentity) -> str:
    """Name, version, hash and device, as far as they are known; of a server's model its address."""
    if model.address:
        return f"{model.name} {model.version} · at {model.address}"
    parts = [f"{model.name} {model.version}", f"sha256 {model.sha256[:6]}…"]
    return " · ".join([*parts, *([model.device.upper()] if model.device else [])])


def measured(model: ModelFolder) -> tuple[str, str]:
    """The first figure of the model's card in a few words, and the whole card as text.

    Without a card ("not measured", why). Raises BadCheckpoint when the card is damaged.
    """
    card = model.card()
    if not card:
        return "not measured", NO_CARD
    try:
        return quality_words(card), card_text(card)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise BadCheckpoint(
            f"The card of the model {model.name} is damaged. Install the model again.", "card"
        ) from error


def quality_words(card: Mapping[str, Any]) -> str:
    """The card's first figure with its 95 % interval."""
    one = card["figures"][0]
    title = str(one["title"]).replace(": area under the curve", ": AUC")
    if one["value"] is None or one["low"] is None or one["high"] is None:
        return title
    return f"{title} {one['value']:.2f} ({one['low']:.2f} to {one['high']:.2f})"


def tell(host: Host, error: Exception) -> None:
    """Say what is wrong with the model; what is no known problem goes where bugs go."""
    if not isinstance(error, ModelError):
        host.jobs.failed.emit(error)
        return
    host.say(str(error), "alarm")
    host.show_state("model", "no model", "alarm", str(error))
