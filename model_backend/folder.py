"""A model on disk: `model.json` beside its weights; read, checked, listed and written; no torch."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any

from model_backend.chat.settings import address_of
from model_backend.request import BadCheckpoint, ModelIdentity, NoModel

VERSION = 1
FILE = "model.json"
CARD = "card.json"
EMBEDDED = Path(__file__).resolve().parent / "demo"
# Has every task, and learnt them from drawings: for trying out, never what stands for "".
PRACTICE = Path(__file__).resolve().parent / "practice" / "model"
OWN = (EMBEDDED, PRACTICE)  # part of the program
NO_WEIGHTS = hashlib.sha256(b"").hexdigest()
_LARGEST_FILE = 16 * 2**20  # of model.json, in bytes
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_BACKEND = re.compile(r"[a-z][a-z0-9_]{0,31}")
_hashes: dict[tuple[str, int, int], str] = {}  # (path, size, mtime in ns) -> SHA-256


@dataclass(frozen=True, slots=True)
class Preprocess:
    """How pixels become the network's input: side in pixels, then (x - mean) / std on 0 to 1."""

    size: int
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding that the model can be asked for: its question and a sentence for each answer."""

    name: str
    question: str
    sentence_present: str
    sentence_absent: str
    after: str = ""  # only worth telling when the finding of that name is present
    drafted: bool = True  # learnt well enough to be drafted without being asked for
    threshold: float = 0.5  # probability of "yes" from which on it counts as present


@dataclass(frozen=True)
class ModelFolder:
    """What `model.json` says. Reading it loads and hashes nothing; `check` hashes the weights."""

    path: Path
    name: str
    model_version: str
    backend: str
    tasks: tuple[str, ...]
    config: Mapping[str, Any] = field(default_factory=dict)
    weights: str = ""  # file name in the folder; "" when the backend needs none
    sha256: str = NO_WEIGHTS
    preprocess: Preprocess | None = None
    prompt_type: str = "none"  # what the decoder starts from (spec/biomedgpt.md §8)
    prompts: Mapping[str, str] = field(default_factory=dict)  # by task, where it has its own
    calibration: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    licence: str = ""
    sources: tuple[str, ...] = ()
    manufacturer: str = ""
    use: str = ""  # what the licence or the maker restricts it to, such as "research only"
    size: str = ""  # published size: small, medium, base, large, huge; "" when it is none of them
    origin: str = ""  # the file, folder or hub repository (with its revision) it was imported from
    acknowledged: str = ""  # when and by whom the licence was acknowledged, where that is required
    answers: tuple[str, ...] = ()  # the closed list it was fine-tuned with, in its order
    training: Mapping[str, Any] = field(default_factory=dict)  # recipe, parents and data, by hash
    acceptance: tuple[Mapping[str, Any], ...] = ()  # results of `wetread model check`, oldest first

    @classmethod
    def read(cls, path: Path) -> ModelFolder:
        """The model in that folder.

        Raises NoModel when there is none, BadCheckpoint when `model.json` is damaged or was
        written by a later Wetread, or when the weights are missing.
        """
        content = _read_json(path / FILE)
        _check_version(path, content.get("version"))
        folder = _parse(path, content)
        if folder.weights and not (path / folder.weights).is_file():
            raise BadCheckpoint(
                f"The model {folder.name} lacks its weights: {path / folder.weights} is missing. "
                "Install the model again.",
                "weights",
            )
        return folder

    @property
    def weights_path(self) -> Path:
        return self.path / self.weights

    def card(self) -> dict[str, Any]:
        """The card beside `model.json`: what it learnt from, and what was measured; {} if none.

        Raises BadCheckpoint when the card is damaged.
        """
        path = self.path / CARD
        return _read_json(path) if path.is_file() else {}

    def check(self) -> None:
        """Raise BadCheckpoint when the weights are not the bytes that `model.json` names."""
        if self.weights and sha256_of(self.weights_path) != self.sha256:
            raise BadCheckpoint(
                f"The weights of the model {self.name} are not those that its description names "
                "(SHA-256 differs). Install the model again.",
                "sha256",
            )

    def identity(self, device: str = "cpu") -> ModelIdentity:
        """What answers of this model are signed with."""
        return ModelIdentity(
            name=self.name,
            version=self.model_version,
            sha256=self.sha256,
            tasks=self.tasks,
            device=device,
            manufacturer=self.manufacturer,
            address=address_of(self.config) if self.backend == "chat" else "",
        )


def list_models(root: Path) -> tuple[ModelFolder, ...]:
    """The readable models in `root` (one folder each) in order of name, then the embedded one and
    the practice model."""
    found = []
    for path in [*sorted(root.glob(f"*/{FILE}")), EMBEDDED / FILE, PRACTICE / FILE]:
        if path.parent.name.startswith("."):
            continue  # an import that is under way
        try:
            found.append(ModelFolder.read(path.parent))
        except (NoModel, BadCheckpoint):
            continue  # find_model says what is wrong with it when it is asked for by name
    return tuple(found)


def find_model(name: str, root: Path) -> ModelFolder:
    """The model of that name: `root/NAME`, else the embedded one or the practice model; "" is the
    embedded one.

    A name with a slash is a path to a model's folder.

    Raises NoModel and BadCheckpoint, see `ModelFolder.read`.
    """
    if (separators := {"/", os.sep} & set(name)) and (Path(name) / FILE).is_file():
        return ModelFolder.read(Path(name))
    if separators:
        raise NoModel(f"There is no model in {name}: {FILE} is missing.")
    if name and not _NAME.fullmatch(name):
        raise NoModel(f"{name[:64]!r} is no name of a model. Names are letters, digits, . _ -")
    if name and (root / name / FILE).exists():
        return ModelFolder.read(root / name)
    if not (EMBEDDED / FILE).exists():
        missing = f"The model {name} is not installed." if name else "No model is installed."
        raise NoModel(f"{missing} Put a folder with {FILE} and its weights into {root}.")
    embedded = ModelFolder.read(EMBEDDED)
    if name in ("", embedded.name):
        return embedded
    if (PRACTICE / FILE).exists() and (practice := ModelFolder.read(PRACTICE)).name == name:
        return practice
    raise NoModel(
        f"The model {name} is not installed. Put its folder with {FILE} and weights into {root}, "
        f"or choose the embedded model {embedded.name}."
    )


def write_model(folder: ModelFolder) -> None:
    """Write `model.json` into the folder, beside weights that are there already; safely.

    Raises BadCheckpoint when the values could not be read again or the weights are missing.
    """
    content: dict[str, Any] = {
        "version": VERSION,
        "name": folder.name,
        "model_version": folder.model_version,
        "backend": folder.backend,
        "config": dict(folder.config),
        "weights": folder.weights,
        "sha256": folder.sha256,
        "tasks": list(folder.tasks),
        "prompt_type": folder.prompt_type,
        "prompts": dict(folder.prompts),
        "calibration": dict(folder.calibration),
        "licence": folder.licence,
        "sources": list(folder.sources),
        "manufacturer": folder.manufacturer,
        "use": folder.use,
        "findings": [asdict(one) for one in folder.findings],
        "size": folder.size,
        "origin": folder.origin,
        "acknowledged": folder.acknowledged,
        "answers": list(folder.answers),
        "training": dict(folder.training),
        "acceptance": [dict(one) for one in folder.acceptance],
    }
    if folder.preprocess is not None:
        pre = folder.preprocess
        content["preprocess"] = {
            "size": pre.size,
            "mean": list(pre.mean),
            "std": list(pre.std),
        }
    _parse(folder.path, content)
    body = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    part = folder.path / f".{FILE}.part"
    with part.open("w", encoding="utf-8") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder.path / FILE)
    ModelFolder.read(folder.path)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hex; remembered as long as its size and time of change stay."""
    state = path.stat()
    key = (str(path.resolve()), state.st_size, state.st_mtime_ns)
    if key not in _hashes:
        with path.open("rb") as file:
            _hashes[key] = hashlib.file_digest(file, "sha256").hexdigest()
    return _hashes[key]


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise NoModel(f"There is no model in {path.parent}: {FILE} is missing.")
    try:
        with path.open("rb") as file:
            body = file.read(_LARGEST_FILE + 1)
        content = json.loads(body) if len(body) <= _LARGEST_FILE else None
    except (OSError, ValueError, RecursionError) as error:
        raise BadCheckpoint(
            f"{path} cannot be read ({type(error).__name__}). Install the model again."
        ) from error
    if not isinstance(content, dict):
        raise BadCheckpoint(f"{path} does not describe a model. Install the model again.")
    return content


def _check_version(path: Path, version: Any) -> None:
    if type(version) is not int:
        raise BadCheckpoint(f"{path / FILE} does not describe a model. Install the model again.")
    if version > VERSION:
        raise BadCheckpoint(
            f"The model in {path} was made for a later Wetread (version {version}, this one knows "
            f"{VERSION}). Update Wetread to use it.",
            "version",
        )
    if version < VERSION:
        raise BadCheckpoint(f"{path / FILE} has version {version}, which never was.", "version")


def _parse(path: Path, content: Mapping[str, Any]) -> ModelFolder:
    reading = _Reading(path, content)
    weights = reading.text("weights", "")
    if weights and (PurePosixPath(weights).name != weights or "\\" in weights or ":" in weights):
        raise reading.problem("weights", "is no plain file name")
    sha256 = reading.text("sha256", NO_WEIGHTS if not weights else None)
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise reading.problem("sha256", "is no SHA-256 in 64 small hex digits")
    return ModelFolder(
        path=path,
        name=reading.text("name", pattern=_NAME),
        model_version=reading.text("model_version"),
        backend=reading.text("backend", pattern=_BACKEND),
        tasks=reading.texts("tasks"),
        config=reading.table("config"),
        weights=weights,
        sha256=sha256,
        preprocess=reading.preprocess(),
        prompt_type=reading.text("prompt_type", "none"),
        prompts=reading.prompts(),
        calibration=reading.table("calibration"),
        findings=reading.findings(),
        licence=reading.text("licence", ""),
        sources=reading.texts("sources"),
        manufacturer=reading.text("manufacturer", ""),
        use=reading.text("use", ""),
        size=reading.text("size", ""),
        origin=reading.text("origin", ""),
        acknowledged=reading.text("acknowledged", ""),
        answers=reading.texts("answers"),
        training=reading.table("training"),
        acceptance=reading.tables("acceptance"),
    )


@dataclass(frozen=True)
class _Reading:
    """The entries of one `model.json`, each checked; a wrong one is named in the problem."""

    path: Path
    content: Mapping[str, Any]

    def problem(self, key: str, what: str) -> BadCheckpoint:
        return BadCheckpoint(
            f'In {self.path / FILE} the entry "{key}" {what}. Install the model again.', key
        )

    def text(
        self, key: str, default: str | None = None, pattern: re.Pattern[str] | None = None
    ) -> str:
        value = self.content.get(key, default)
        if value is None:
            raise self.problem(key, "is missing")
        if not isinstance(value, str) or (pattern and not pattern.fullmatch(value)):
            raise self.problem(key, "is not what it must be")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.content.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.problem(key, "is no list of texts")
        return tuple(value)

    def table(self, key: str) -> Mapping[str, Any]:
        value = self.content.get(key, {})
        if not isinstance(value, dict):
            raise self.problem(key, "is no table")
        return value

    def tables(self, key: str) -> tuple[Mapping[str, Any], ...]:
        value = self.content.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.problem(key, "is no list of tables")
        return tuple(value)

    def prompts(self) -> dict[str, str]:
        table = self.table("prompts")
        if not all(isinstance(text, str) for text in table.values()):
            raise self.problem("prompts", "holds something that is no text")
        return dict(table)

    def preprocess(self) -> Preprocess | None:
        table = self.table("preprocess")
        if not table:
            return None
        size = table.get("size")
        if type(size) is not int or not 1 <= size <= 4096:
            raise self.problem("preprocess.size", "is no side in pixels from 1 to 4096")
        std = self._triple(table, "std")
        if 0.0 in std:
            raise self.problem("preprocess.std", "is zero")
        return Preprocess(size, self._triple(table, "mean"), std)

    def _triple(self, table: Mapping[str, Any], key: str) -> tuple[float, float, float]:
        value = table.get(key, 0.5)
        values = value if isinstance(value, list) else [value] * 3
        if len(values) != 3 or not all(
            type(one) in (int, float) and math.isfinite(one) for one in values
        ):
            raise self.problem(f"preprocess.{key}", "is neither a number nor three")
        return float(values[0]), float(values[1]), float(values[2])

    def findings(self) -> tuple[Finding, ...]:
        value = self.content.get("findings", [])
        if not isinstance(value, list):
            raise self.problem("findings", "is no list of findings")
        return tuple(self._finding(one) for one in value)

    def _finding(self, value: Any) -> Finding:
        table = value if isinstance(value, dict) else {}
        read: dict[str, Any] = {}
        for one in fields(Finding):
            default = None if one.default is MISSING else one.default
            given = table.get(one.name, default)
            if type(given) is int and one.name == "threshold":
                given = float(given)
            if type(given) is not (str if default is None else type(default)):
                raise self.problem("findings", f"lacks a right {one.name}")
            read[one.name] = given
        if not 0 <= read["threshold"] <= 1:
            raise self.problem("findings", "has a threshold that is no probability")
        return Finding(**read)
