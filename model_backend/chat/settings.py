"""What `model.json` says of a model behind a server: its address, its key, its limits."""

from __future__ import annotations

import ipaddress
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from model_backend.request import BadCheckpoint

LIST_MODELS = "models"  # a request of that task is answered with the ids a server has, one a line
TIMEOUT = 120.0  # seconds of silence; a server may load its model before the first word
LONGEST_SIDE = 2048  # pixels of a picture that is sent; the servers' models see less
OLLAMA = "https://ollama.com"
_LONGEST_KEY = 4096  # characters
_PORTS = {"http": 80, "https": 443}
_ENDPOINT = "/chat/completions"
# What a question is made of, which `extra` must not touch.
_OURS = frozenset({"model", "messages", "stream", "tools", "functions", "n"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is: the one place that this backend ever connects to."""

    scheme: str  # http or https
    host: str  # a name or a number, without brackets
    port: int
    path: str  # before /chat/completions and /models, such as /v1

    @classmethod
    def parse(cls, url: str) -> Address:
        """The address of the API, with or without `/v1` and what follows it.

        Raises BadCheckpoint for anything but a plain http or https address.
        """
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError as error:
            raise _unusable(url) from error
        host = (parts.hostname or "").rstrip(".")
        if parts.scheme not in _PORTS or not host or parts.query or parts.fragment:
            raise _unusable(url)
        if "@" in parts.netloc:
            raise BadCheckpoint(
                "The server's address holds a name or a password. Leave it out, and give a key "
                "with --key-file.",
                "url",
            )
        path = parts.path.rstrip("/").removesuffix(_ENDPOINT) or "/v1"
        if not (host + path).isascii() or not (host + path).isprintable() or " " in host + path:
            raise _unusable(url)
        return cls(parts.scheme, host, port or _PORTS[parts.scheme], path)

    @property
    def origin(self) -> str:
        """Scheme, host and port, as a person reads them and the audit keeps them."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """Host and port as a URL and the Host header write them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return self.origin + self.path

    @property
    def is_loopback(self) -> bool:
        """Whether the address itself names this computer; what a name leads to is looked up when
        the connection is made."""
        return self.host == "localhost" or is_loopback(self.host)


@dataclass(frozen=True)
class ChatSettings:
    """The `config` of such a model. Nothing here is secret but the key, which `repr` leaves out."""

    address: Address
    model: str  # the server's id of the model
    timeout: float = TIMEOUT
    ca_file: Path | None = None  # certificates to trust in place of the system's
    key: str = field(default="", repr=False)
    longest_side: int = LONGEST_SIDE  # 0: never made smaller
    logprobs: bool = True  # ask for the log-probabilities of a closed answer
    more_tokens: int = 0  # room for a model that thinks before it answers
    limit: str = "max_tokens"  # the field that limits an answer; newer ones: max_completion_tokens
    extra: Mapping[str, Any] = field(default_factory=dict)  # further fields of the question

    @property
    def goes_abroad(self) -> bool:
        """Whether pixels leave this computer, as far as address and model tell."""
        return not self.address.is_loopback or is_in_cloud(self.model)

    @classmethod
    def read(cls, config: Mapping[str, Any], folder: Path) -> ChatSettings:
        """The settings of a model in `folder`, with its key fetched from where it lies.

        Raises BadCheckpoint, naming the entry at fault.
        """
        reading = _Reading(config)
        reading.refuse_unknown(
            "url model timeout ca_file key_file key_env longest_side logprobs more_tokens limit "
            "extra".split()
        )
        limit = reading.text("limit", "max_tokens")
        if limit not in ("max_tokens", "max_completion_tokens"):
            raise reading.problem("limit", "is neither max_tokens nor max_completion_tokens")
        extra = reading.value("extra", dict, {})
        if touched := _OURS & set(extra):
            raise reading.problem("extra", f"must not set {', '.join(sorted(touched))}")
        ca_file = reading.text("ca_file", "")
        return cls(
            address=Address.parse(reading.text("url")),
            model=reading.text("model"),
            timeout=reading.number("timeout", TIMEOUT),
            ca_file=folder / ca_file if ca_file else None,
            key=_key(reading, folder),
            longest_side=reading.count("longest_side", LONGEST_SIDE),
            logprobs=reading.value("logprobs", bool, True),
            more_tokens=reading.count("more_tokens", 0),
            limit=limit,
            extra=extra,
        )


def address_of(config: Mapping[str, Any]) -> str:
    """Where the pixels go that a model of that `config` is shown: its server's origin, OLLAMA for
    a model of Ollama's cloud, "" for a model without a server. Looks nothing up, raises nothing."""
    url, model = config.get("url", ""), config.get("model", "")
    if not url:
        return ""
    if isinstance(model, str) and is_in_cloud(model):
        return OLLAMA
    try:
        return Address.parse(str(url)).origin
    except BadCheckpoint:
        return str(url)[:80]


def is_in_cloud(model: str) -> bool:
    """Whether a server on this computer would pass the question on: Ollama runs the models whose
    tag ends in "cloud" on its maker's computers."""
    return model.lower().endswith(("-cloud", ":cloud"))


def is_loopback(number: str) -> bool:
    """Whether an IP address is in 127.0.0.0/8 or ::1."""
    try:
        address = ipaddress.ip_address(number.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _unusable(url: str) -> BadCheckpoint:
    return BadCheckpoint(
        f"{url[:80]!r} is no address of a model's server. Write it like http://127.0.0.1:8000/v1.",
        "url",
    )


def _key(reading: _Reading, folder: Path) -> str:
    """The API key, from a file or from an environment variable; never from `model.json`."""
    file, variable = reading.text("key_file", ""), reading.text("key_env", "")
    if file and variable:
        raise reading.problem("key_env", "is given beside key_file; keep one of them")
    if variable:
        where, key = f"The environment variable {variable}", os.environ.get(variable, "")
    elif file:
        where, key = f"The key file {file}", _text_of(reading, folder / file)
    else:
        return ""
    key = key.strip()
    if not key or len(key) > _LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise BadCheckpoint(
            f"{where} holds no key for the model's server: one line of plain letters and signs.",
            "key_file" if file else "key_env",
        )
    return key


def _text_of(reading: _Reading, path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST_KEY + 2).decode("utf-8", "replace")
    except OSError as error:
        raise reading.problem("key_file", f"names {path}: {error.strerror}") from error


@dataclass(frozen=True)
class _Reading:
    """The entries of `config`, each checked."""

    config: Mapping[str, Any]

    def problem(self, key: str, what: str) -> BadCheckpoint:
        return BadCheckpoint(
            f'The entry "config.{key}" of the model {what}. Connect the model again.',
            f"config.{key}",
        )

    def refuse_unknown(self, known: list[str]) -> None:
        for key in self.config:
            if key not in known:
                raise self.problem(key[:40], "is none that a chat model has")

    def value(self, key: str, kind: type, default: Any) -> Any:
        given = self.config.get(key, default)
        if type(given) is not kind:
            raise self.problem(key, "is not what it must be")
        return given

    def text(self, key: str, default: str | None = None) -> str:
        given = self.config.get(key, default)
        if not isinstance(given, str) or (default is None and not given.strip()):
            raise self.problem(key, "is missing or is no text")
        return given

    def number(self, key: str, default: float) -> float:
        given = self.config.get(key, default)
        if type(given) not in (int, float) or not math.isfinite(given) or given <= 0:
            raise self.problem(key, "is no number of seconds above zero")
        return float(given)

    def count(self, key: str, default: int) -> int:
        given = self.config.get(key, default)
        if type(given) is not int or not 0 <= given <= 1_000_000:
            raise self.problem(key, "is no whole number from 0")
        return given
