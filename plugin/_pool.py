"""The loaded models: each in a process of its own, all within one memory budget."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from model_backend.client import LOOK, ModelClient
from model_backend.folder import ModelFolder
from model_backend.footprint import needed
from model_backend.request import ModelError, ModelIdentity

Stop = Callable[[], bool]


class TooLarge(ModelError):
    """One model alone takes more memory than all models together may."""


@dataclass(frozen=True)
class Change:
    """A model's process began to load it, has loaded it, or has let it go."""

    what: Literal["loading", "loaded", "unloaded"]
    model: ModelIdentity
    reason: str = ""  # why it was unloaded


@dataclass(frozen=True)
class Options:
    """How a model's process runs; see `dicom_io.settings.ModelSettings`."""

    python: str = ""
    threads: int = 0
    device: str = "auto"
    precision: str = "auto"


Key = tuple[Path, str, Options]  # a model's folder, what its process has read of it, how it runs


@dataclass(frozen=True)
class Wanted:
    """A model to be lent: where it is, how it runs, and what all models together may take."""

    folder: ModelFolder
    options: Options
    budget: int  # bytes

    @property
    def key(self) -> Key:
        read = replace(self.folder, acceptance=())  # what `wetread model check` adds is not read
        return self.folder.path, repr(read), self.options


@dataclass(eq=False)
class Loaded:
    """A model in the pool. `users` ask it now; `used` tells how long ago the last one did."""

    wanted: Wanted
    client: ModelClient
    bytes: int
    tell: Callable[[Change], None]
    users: int = 0
    used: int = 0
    announced: int | None = None  # pid of the process that was told as loaded

    @property
    def identity(self) -> ModelIdentity:
        return self.client.identity

    @property
    def is_loading(self) -> bool:
        """True until the process that runs now, or the next one, has been told as loaded."""
        pid = self.client.pid
        return pid is None or pid != self.announced

    def announce(self) -> None:
        """Tell once for each process that the model is loaded, and count what it really takes."""
        pid = self.client.pid
        if pid is None or pid == self.announced:
            return
        self.announced = pid
        self.bytes = needed(self.wanted.folder, self.identity.precision or "auto")
        self.tell(Change("loaded", self.identity))

    def end(self, reason: str) -> None:
        """End the process; tell it when the model was loaded."""
        identity, was_loaded = self.identity, self.announced is not None
        self.client.close()
        self.announced = None
        if was_loaded:
            self.tell(Change("unloaded", identity, reason))


class Pool:
    """Clients by model and options. Any thread may borrow one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._loaded: dict[Key, Loaded] = {}
        self._clock = itertools.count(1)

    @contextmanager
    def lend(
        self, wanted: Wanted, tell: Callable[[Change], None], stop: Stop
    ) -> Iterator[Loaded | None]:
        """The model for as long as it is asked; None when `stop` came before there was room.

        Models that nobody asks leave first, the one that was asked longest ago before all others;
        one that answers is waited for. Raises TooLarge.
        """
        loaded = self._borrow(wanted, tell, stop)
        try:
            yield loaded
        finally:
            if loaded is not None:
                self._give_back(loaded)

    def find(self, wanted: Wanted) -> Loaded | None:
        """The model, if it is in the pool."""
        with self._changed:
            return self._loaded.get(wanted.key)

    def keep_only(self, wanted: tuple[Wanted, ...]) -> None:
        """Let go of every idle model that is not among these."""
        keys = {one.key for one in wanted}
        with self._changed:
            others = [
                self._loaded.pop(key)
                for key, one in list(self._loaded.items())
                if key not in keys and not one.users
            ]
        for one in others:
            one.end("it is not chosen any more")

    def close(self) -> None:
        """End all processes; a model that answers now is cut off."""
        with self._changed:
            loaded, self._loaded = list(self._loaded.values()), {}
            self._changed.notify_all()
        for one in loaded:
            one.end("the program closed it")

    def _borrow(self, wanted: Wanted, tell: Callable[[Change], None], stop: Stop) -> Loaded | None:
        with self._changed:
            if (known := self._loaded.get(wanted.key)) is not None:
                return self._lent(known)
        need = needed(wanted.folder, wanted.options.precision)
        while True:
            with self._changed:
                loaded = self._loaded.get(wanted.key)
                if loaded is not None:
                    return self._lent(loaded)
                if need > wanted.budget:
                    raise TooLarge(_too_large(wanted, need))
                victim, reason = self._former(wanted), "its description was changed"
                if victim is None and self._total() + need <= wanted.budget:
                    return self._lent(self._added(wanted, need, tell))
                if victim is None:
                    victim, reason = self._longest_idle(), f"{wanted.folder.name} needs its memory"
                if victim is None:
                    self._changed.wait(LOOK)
            if victim is not None:
                victim.end(reason)
            elif stop():
                return None

    def _lent(self, loaded: Loaded) -> Loaded:
        loaded.users += 1
        loaded.used = next(self._clock)
        return loaded

    def _added(self, wanted: Wanted, need: int, tell: Callable[[Change], None]) -> Loaded:
        options = wanted.options
        client = ModelClient(
            wanted.folder,
            options.python or None,
            options.threads,
            device=options.device,
            precision=options.precision,
        )
        loaded = self._loaded[wanted.key] = Loaded(wanted, client, need, tell)
        return loaded

    def _give_back(self, loaded: Loaded) -> None:
        """Also makes room again when the model turned out larger than it was thought to be."""
        with self._changed:
            loaded.users -= 1
            self._changed.notify_all()
            victim = self._longest_idle() if self._total() > loaded.wanted.budget else None
        while victim is not None:
            victim.end("the memory set for models is used up")
            with self._changed:
                victim = self._longest_idle() if self._total() > loaded.wanted.budget else None

    def _total(self) -> int:
        return sum(one.bytes for one in self._loaded.values())

    def _former(self, wanted: Wanted) -> Loaded | None:
        """The same model as it was before somebody calibrated it or connected it to another
        server; taken out of the pool when nobody asks it."""
        for key, one in self._loaded.items():
            if key[0] == wanted.key[0] and key[2] == wanted.key[2] and not one.users:
                return self._loaded.pop(key)
        return None

    def _longest_idle(self) -> Loaded | None:
        """Taken out of the pool; to be ended by the caller, outside the lock."""
        idle = [one for one in self._loaded.values() if not one.users]
        victim = min(idle, key=lambda one: one.used, default=None)
        if victim is not None:
            del self._loaded[victim.wanted.key]
        return victim


def _too_large(wanted: Wanted, need: int) -> str:
    precision = wanted.options.precision
    kept = "" if precision == "auto" else f" with its weights in {precision}"
    return (
        f"The model {wanted.folder.name} takes about {need / 1e9:.1f} GB{kept}, more than the "
        f"{wanted.budget / 1e9:.1f} GB that all models together may. Raise the memory for models "
        "in the settings, or choose a smaller precision or model."
    )
