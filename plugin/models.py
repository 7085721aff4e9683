"""Which models are asked: the bottom line, and the dialogue that chooses them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dicom_io.settings import ModelSettings
from plugin._choosing import Offers, offers
from plugin._model import close_models, listen, stop_listening
from plugin._models_dialog import ModelsDialog
from plugin._shown import ModelWatch, models_of, show_models, tell
from ui.host import Action, Host, tr

_watches: list[ModelWatch] = []


def start(host: Host) -> list[Action]:
    """Show which models there are, and offer to choose others."""
    watch = ModelWatch(host)
    listen(watch.note)
    _watches.append(watch)
    choosing = Choosing(host)
    show_models(host)
    return [Action("models.choose", tr("Models"), "Ctrl+,", choosing.begin, group="Model")]


def stop() -> None:
    """End the model processes."""
    while _watches:
        stop_listening(_watches.pop().note)
    close_models()


class Choosing:
    """Opens the dialogue, and lets go of models that are no longer chosen."""

    def __init__(self, host: Host) -> None:
        self._host = host
        host.settings_changed.connect(self._changed)

    def begin(self) -> None:
        """Look what is installed, then ask."""
        chosen = self._host.settings(ModelSettings)

        def look(cancelled: Callable[[], bool]) -> Iterator[Offers]:
            yield offers(self._host.root, chosen)

        def ask(offered: Offers) -> None:
            dialog = ModelsDialog(offered, chosen, self._host.window())
            dialog.chosen.connect(self._host.change_settings)
            dialog.open()

        self._host.jobs.start(
            look, on_item=ask, on_failed=lambda error: tell(self._host, error), pool="disk"
        )

    def _changed(self, part: object) -> None:
        if not isinstance(part, ModelSettings):
            return

        def tidy(cancelled: Callable[[], bool]) -> Iterator[None]:
            models_of(self._host).tidy()
            yield None

        self._host.jobs.start(tidy, on_failed=lambda error: tell(self._host, error), pool="model")
        show_models(self._host)
