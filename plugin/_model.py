"""The one model client that all plug-ins and commands of this program share."""

from __future__ import annotations

import atexit
import threading

from dicom_io.storage import DataRoot
from model_backend.client import ModelClient
from model_backend.folder import find_model

_lock = threading.Lock()
_shared: dict[tuple[str, str, int, str], ModelClient] = {}


def shared_client(
    root: DataRoot, name: str = "", *, python: str = "", threads: int = 0, device: str = "auto"
) -> ModelClient:
    """The client of the model of that name ("": the embedded one); made once, then the same.

    Reads `model.json`, starts nothing: the child process starts with the first question. Asking
    for another model closes the one before, so that one model at most is in memory. Raises NoModel
    and BadCheckpoint, see `model_backend.folder.find_model`.
    """
    folder = find_model(name, root.models)
    wanted = (str(folder.path) + folder.sha256, python, threads, device)
    with _lock:
        client = _shared.get(wanted)
        if client is not None and client.folder == folder:
            return client
        _close_all()
        client = ModelClient(folder, python or None, threads, device=device)
        _shared[wanted] = client
        return client


def close_models() -> None:
    """End the model process, if one runs. The next `shared_client` makes a new client."""
    with _lock:
        _close_all()


def _close_all() -> None:
    while _shared:
        _, client = _shared.popitem()
        client.close()


atexit.register(close_models)
