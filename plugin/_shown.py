"""The models in the bottom line: who answers, how it runs, how well, and where images go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from dicom_io.settings import ModelSettings
from model_backend.evaluation.card_text import card_text
from model_backend.folder import ModelFolder
from model_backend.request import BadCheckpoint, ModelError, ModelIdentity, NoModel
from plugin._model import Models, change_words, host_of, leaves_computer
from plugin._pool import Change
from plugin._roles import ROLES, Role
from ui.host import Host, State, later, tr

NO_CARD = later("The model has no card: nobody has measured it.")
NEWS = 10_000  # ms that a word about loading and unloading stays
LONGEST = 48  # characters of a note in the bottom line; its tooltip has them all


@dataclass(frozen=True)
class Shown:
    """What the bottom line says of the models."""

    identities: Mapping[Role, ModelIdentity]
    quality: str = ""
    explanation: str = ""
    missing: tuple[ModelError, ...] = ()


def models_of(host: Host) -> Models:
    """The models that the settings choose now."""
    return Models(host.root, host.settings(ModelSettings))


def show_models(host: Host) -> None:
    """Look which models there are and say it; a missing one is told, reading goes on."""

    def look(cancelled: Callable[[], bool]) -> Iterator[Shown]:
        models = models_of(host)
        quality, card = measured(models.folder("answers"))
        identities: dict[Role, ModelIdentity] = {}
        missing: list[ModelError] = []
        for role in ROLES:
            try:
                identities[role] = models.identity(role)
            except ModelError as error:
                missing.append(error)
        yield Shown(identities, quality, card, tuple(missing))

    def show(shown: Shown) -> None:
        host.show_state("quality", shown.quality, "quiet", shown.explanation)
        host.show_state("server", *server_words(tuple(shown.identities.values())))
        show_identity(host, shown.identities["answers"], explained(shown.identities))
        for error in shown.missing[:1]:
            host.say(str(error), "alarm")

    host.jobs.start(look, on_item=show, on_failed=lambda error: tell(host, error), pool="model")


def show_identity(host: Host, model: ModelIdentity, explanation: str = "") -> None:
    """The model that answered last, or will answer next, and what the reader must know of it."""
    explanation = explanation or tr("The model that answered last.")
    host.show_state("model", identity_words(model), "quiet", explanation)
    note = model.note if len(model.note) <= LONGEST else f"{model.note[: LONGEST - 1]}…"
    host.show_state("model-note", note, "ai", model.note)


def identity_words(model: ModelIdentity) -> str:
    """Name, version, hash, device and precision, as far as they are known; of a server's model the
    server instead, since nobody here has seen its weights."""
    if model.address:
        return f"{model.name} {model.version} · at {host_of(model.address)}"
    runs = " ".join(part for part in (model.device.upper(), model.precision) if part)
    return " · ".join(
        [f"{model.name} {model.version}", f"sha256 {model.sha256[:6]}…", *([runs] if runs else [])]
    )


def explained(identities: Mapping[Role, ModelIdentity]) -> str:
    """Which model is asked for what, a line each."""
    if len({(one.name, one.sha256) for one in identities.values()}) == 1:
        return tr("The model that drafts and answers here.")
    return "\n".join(f"{role}: {identity_words(one)}" for role, one in identities.items())


def server_words(models: tuple[ModelIdentity, ...]) -> tuple[str, State, str]:
    """The lasting mark of answers that come from no process of ours: text, state, explanation."""
    away = dict.fromkeys(host_of(one.address) for one in models if leaves_computer(one.address))
    if away:
        names = ", ".join(away)
        explanation = tr(
            "What is asked, with the pixels of the image or box, is sent to {names}.", names=names
        )
        return tr("Images leave this computer: {names}", names=names), "alarm", explanation
    here = dict.fromkeys(one.address for one in models if one.address)
    if here:
        names = ", ".join(here)
        return (
            tr("answers from {names}", names=names),
            "ai",
            tr("A server on this computer answers: {names}.", names=names),
        )
    return "", "quiet", ""


class ModelWatch(QObject):
    """Tells in the bottom line which models were loaded and let go, for a while."""

    changed = pyqtSignal(object)  # Change; emitted on whichever thread asks

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._host = host
        self._news: list[Change] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(NEWS)
        self._timer.timeout.connect(self._forget)
        self.changed.connect(self._show)

    def note(self, change: Change) -> None:
        """From any thread."""
        self.changed.emit(change)

    def _show(self, change: Change) -> None:
        self._news = [one for one in self._news if one.model.name != change.model.name]
        self._news.append(change)
        order = ("loading", "loaded", "unloaded")
        told = sorted(self._news, key=lambda one: order.index(one.what))
        words = ", ".join(change_words(one) for one in told)
        self._host.show_state("model-news", words, "quiet", change.reason)
        if change.what == "loaded":
            show_identity(self._host, change.model)
        if change.what == "loading":
            self._timer.stop()  # it stays until there is more to say
        else:
            self._timer.start()

    def _forget(self) -> None:
        self._news.clear()
        self._host.show_state("model-news", "")


def measured(model: ModelFolder) -> tuple[str, str]:
    """The first figure of the model's card in a few words, and the whole card as text.

    Without a card ("not measured", why). Raises BadCheckpoint when the card is damaged.
    """
    card = model.card()
    if not card:
        return tr("not measured"), tr(NO_CARD)
    try:
        return quality_words(card), card_text(card, model.acceptance)
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
    if isinstance(error, NoModel | BadCheckpoint):
        host.show_state("model", tr("no model"), "alarm", str(error))
