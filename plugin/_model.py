"""The models that plug-ins and commands ask: one for each role, loaded when it is first asked."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import urlsplit

from dicom_io.audit import AuditLog
from dicom_io.audit import Event as Audited
from dicom_io.errors import StorageProblem
from dicom_io.identity import Identity
from dicom_io.settings import ModelSettings
from dicom_io.source import never
from dicom_io.storage import DataRoot
from model_backend import limits
from model_backend.chat.settings import is_loopback
from model_backend.folder import ModelFolder, find_model
from model_backend.footprint import budget
from model_backend.request import Ask, Event, ModelError, ModelIdentity, Refusal, Request
from model_backend.tasks import TASKS
from plugin._pool import Change, Key, Loaded, Options, Pool, Wanted
from plugin._roles import ROLES, Role, chosen_name, role_of

log = logging.getLogger(__name__)

_pool = Pool()
_listeners: list[Callable[[Change], None]] = []
_lock = threading.Lock()


@dataclass(frozen=True)
class Models:
    """The chosen models of one data root. All of this program share the processes behind them."""

    root: DataRoot
    settings: ModelSettings = field(default_factory=ModelSettings)

    def only(self, name: str) -> Models:
        """The same with one model for every role."""
        return replace(
            self,
            settings=replace(self.settings, name=name, answers="", reports="", summaries=""),
        )

    def folder(self, role: Role) -> ModelFolder:
        """What `model.json` says of that role's model; loads nothing. Raises NoModel and
        BadCheckpoint, see `model_backend.folder.find_model`."""
        return find_model(chosen_name(self.settings, role), self.root.models)

    def tasks(self) -> tuple[str, ...]:
        """What can be asked: the tasks that their role's model has. A missing model has none."""
        known: dict[Role, tuple[str, ...]] = {}
        for role in ROLES:
            try:
                known[role] = self.folder(role).tasks
            except ModelError:
                known[role] = ()
        return tuple(name for name in TASKS if name in known[role_of(name)])

    def identity(self, role: Role) -> ModelIdentity:
        """Who answers; device and precision are known once the model has been loaded."""
        loaded = _pool.find(self._wanted(self.folder(role)))
        return loaded.identity if loaded is not None else self.folder(role).identity("")

    def pid(self, role: Role) -> int | None:
        """The process of that role's model, while it runs."""
        loaded = _pool.find(self._wanted(self.folder(role)))
        return loaded.client.pid if loaded is not None else None

    def ask(self, requests: Sequence[Request], stop: Callable[[], bool] = never) -> Iterator[Event]:
        """Each request goes to the model of its task's role; see `model_backend.request.Ask`.

        Requests for one model stay one batch, in their order; the batches follow one another in
        the order of their first requests. A task that a model lacks is refused at once, without
        loading the model. Raises ModelError, before the first event where a model is missing or
        too large for the memory, and StorageProblem when a load cannot be audited.
        """
        return self._ask(requests, stop, None)

    def asker(self, role: Role) -> Ask:
        """An `Ask` that puts every request to that role's model: a draft is one model's."""
        return partial(self._ask, role=role)

    def tidy(self) -> None:
        """Let go of loaded models that the settings do not choose any more."""
        wanted = []
        for role in ROLES:
            with suppress(ModelError):  # a missing model is told when it is asked
                wanted.append(self._wanted(self.folder(role)))
        _pool.keep_only(tuple(wanted))

    def _ask(
        self,
        requests: Sequence[Request],
        stop: Callable[[], bool] = never,
        role: Role | None = None,
    ) -> Iterator[Event]:
        limits.check(requests)
        chosen = {request.task: role or role_of(request.task) for request in requests}
        models = {one: self._wanted(self.folder(one)) for one in dict.fromkeys(chosen.values())}
        batches: dict[Key, tuple[Wanted, list[Request]]] = {}
        for request in requests:
            wanted = models[chosen[request.task]]
            batches.setdefault(wanted.key, (wanted, []))[1].append(request)
        for wanted, batch in batches.values():
            yield from _refused(wanted.folder, batch)
            left = [request for request in batch if request.task in wanted.folder.tasks]
            if left and not stop():
                yield from self._answered(wanted, left, stop)

    def _answered(
        self, wanted: Wanted, requests: Sequence[Request], stop: Callable[[], bool]
    ) -> Iterator[Event]:
        with _pool.lend(wanted, self._tell, stop) as loaded:
            if loaded is None:
                return
            if loaded.is_loading:
                _tell_listeners(Change("loading", wanted.folder.identity("")))
            told = self._note_export(loaded, requests)
            try:
                for event in loaded.client.ask(requests, stop):
                    loaded.announce()
                    yield event
            except ModelError as error:
                if loaded.client.pid is None:  # it died, or it could not be loaded at all
                    tell = self._tell if loaded.announced is not None else _tell_listeners
                    loaded.announced = None
                    tell(Change("unloaded", loaded.identity, str(error)))
                raise
            finally:
                if loaded.identity.device:
                    loaded.announce()
                if not told:
                    self._note_export(loaded, requests)

    def _wanted(self, folder: ModelFolder) -> Wanted:
        chosen = self.settings
        options = Options(chosen.python, chosen.threads, chosen.device, chosen.precision)
        return Wanted(folder, options, budget(chosen.memory))

    def _tell(self, change: Change) -> None:
        """Into the audit, then to whoever listens. On the thread that asked."""
        model, what = change.model, Audited.MODEL_LOADED
        if change.what == "unloaded":
            what = Audited.MODEL_UNLOADED
        AuditLog(self.root.audit).record(
            what,
            model=model.name,
            version=model.version,
            sha256=model.sha256,
            device=model.device,
            precision=model.precision,
            note=change.reason or model.note,
        )
        _tell_listeners(change)

    def _note_export(self, loaded: Loaded, requests: Sequence[Request]) -> bool:
        """Audit that what is asked leaves this computer, once for each image or for the text.

        The address stands in the model's folder, so this comes before anything is sent. False when
        nothing leaves.
        """
        model = loaded.identity
        if not leaves_computer(model.address):
            return False
        keys = dict.fromkeys(image.identity for one in requests for image in one.images)
        for key in keys or ("",):
            AuditLog(self.root.audit).record(
                Audited.EXPORTED_TO_MODEL,
                _identity(key),
                model=model.name,
                address=model.address,
                what="pixels and question" if keys else "text",
            )
        return True


def leaves_computer(address: str) -> bool:
    """True when a model at this address ("" for a process of ours) runs on another computer.

    >>> leaves_computer("http://127.0.0.1:8000/v1"), leaves_computer("https://gpu.hospital")
    (False, True)
    """
    if not address:
        return False
    host = host_of(address)
    return not (host == "localhost" or is_loopback(host))


def host_of(address: str) -> str:
    """The host in a URL or in HOST:PORT; the text itself when there is none."""
    try:
        return urlsplit(address if "//" in address else f"//{address}").hostname or address
    except ValueError:
        return address


def change_words(change: Change) -> str:
    """`base (bf16, CPU) loaded`, `demo unloaded`."""
    if change.what == "loading":
        return f"{change.model.name} is being loaded"
    if change.what == "unloaded":
        return f"{change.model.name} unloaded"
    known = [change.model.precision, change.model.device.upper()]
    where = ", ".join(part for part in known if part)
    return f"{change.model.name} ({where}) loaded" if where else f"{change.model.name} loaded"


def listen(listener: Callable[[Change], None]) -> None:
    """Have `listener` called, on the thread that asks, when a model is loaded or unloaded."""
    with _lock:
        _listeners.append(listener)


def stop_listening(listener: Callable[[Change], None]) -> None:
    """The opposite of `listen`."""
    with _lock:
        _listeners.remove(listener)


def close_models() -> None:
    """End all model processes. The next question starts what it needs."""
    try:
        _pool.close()
    except StorageProblem as error:
        log.warning("The end of a model could not be audited: %s", type(error).__name__)


def _tell_listeners(change: Change) -> None:
    with _lock:
        listeners = tuple(_listeners)
    for listener in listeners:
        listener(change)


def _refused(folder: ModelFolder, requests: Sequence[Request]) -> Iterator[Refusal]:
    for request in requests:
        if request.task not in folder.tasks:
            reason = (
                f"The model {folder.name} has no task “{title_of(request.task)}”. "
                f"Choose another model for {role_of(request.task)} in the settings."
            )
            yield Refusal(request.id, reason, folder.identity(""))


def title_of(task: str) -> str:
    """What a menu says of a task; its name where the table does not know it."""
    known = TASKS.get(task)
    return known.title if known is not None else task


def _identity(key: str) -> Identity | None:
    try:
        return Identity.from_key(key)
    except ValueError:
        return None


atexit.register(close_models)
