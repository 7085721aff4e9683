"""The Model protocol, and loading one by the name of its backend."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, cast

from model_backend.folder import ModelFolder
from model_backend.request import BadCheckpoint, Event, ModelIdentity, NoModel, Request


class Model(Protocol):
    """A loaded model. Another one is another file here, with
    `load(folder, device, precision="auto") -> Model`."""

    @property
    def identity(self) -> ModelIdentity: ...

    def answer(self, requests: Sequence[Request], stop: Callable[[], bool]) -> Iterator[Event]:
        """Answer in order; each request ends with one Answer or Refusal, unless `stop` says so.

        Looks at `stop` between tokens and between the stages before them, and then ends without
        an error. Raises BadRequest before the first event when a request cannot be answered.
        The same requests give the same events.
        """
        ...


def load(folder: ModelFolder, device: str, precision: str = "auto") -> Model:
    """The model in that folder, on "cpu", "cuda", "mps" or the better of what is there ("auto"),
    with weights in "fp32", "bf16", "int8" or what suits the device and the model ("auto").

    Raises BadCheckpoint when the weights or the backend are wrong, NoModel when the packages
    that the backend needs are not installed.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", folder.backend):
        raise BadCheckpoint(f"{folder.backend[:40]!r} is no name of a backend.", "backend")
    full_name = f"{__name__}.{folder.backend}"
    folder.check()
    try:
        module = importlib.import_module(full_name)
        return cast(Model, module.load(folder, device, precision))
    except ModuleNotFoundError as error:
        if error.name == full_name:
            raise BadCheckpoint(
                f"The model {folder.name} needs the backend {folder.backend}, which this Wetread "
                "does not have. Update Wetread, or choose another model.",
                "backend",
            ) from error
        if error.name is not None and error.name.startswith("model_backend."):
            raise  # a file of ours is missing, which no installing of packages mends
        raise NoModel(
            f"The model {folder.name} needs {error.name}, which is not installed here. Install it "
            'with: pip install "wetread[model]"'
        ) from error
