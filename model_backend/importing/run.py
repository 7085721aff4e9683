"""One import from its source to our own folder: all of it, or nothing."""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from model_backend.folder import ModelFolder, write_model
from model_backend.importing import hub
from model_backend.importing.describing import (
    Description,
    checked_tasks,
    describe,
    read_answers,
    with_answers,
)
from model_backend.importing.licence import LICENCE, USE, acknowledgement
from model_backend.importing.opening import Opened, open_source
from model_backend.importing.problems import ImportProblem
from model_backend.importing.progress import Bar
from model_backend.importing.writing import size_of, write_weights

WEIGHTS = "weights.safetensors"
_UNDER_WAY = ".importing-"  # how the folder of an import that is not done begins
_STALE = 24 * 3600  # seconds after which such a folder was left by a process that was killed
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PLAIN_NAMES = {"checkpoint", "checkpoint_best", "checkpoint_last", "model", "pytorch_model"}
_NAMED_FILE = re.compile(r".+\.(pt|pth|ckpt|bin|safetensors|json)", re.I)


@dataclass(frozen=True)
class Wish:
    """What a person asked for; "" and () leave it to the source."""

    source: str
    acknowledged: str  # the name of whoever acknowledged the licence
    name: str = ""
    file: str = ""
    revision: str = ""
    ema: bool | None = None
    tasks: tuple[str, ...] = ()
    answers: Path | None = None
    token_file: Path | None = None
    replace: bool = False


@dataclass(frozen=True)
class Imported:
    """What an import made."""

    folder: ModelFolder
    averaged: bool  # the averaged weights (EMA) were taken
    size: int  # bytes of the weights
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Local:
    """A source that is on this disk, and what is told of it."""

    path: Path
    origin: str
    name: str
    version: str = ""  # the commit, of a hub's repository
    maker: str = ""  # the owner of a hub's repository
    licence: str = ""  # what the repository says of its own


def bring_in(wish: Wish, models: Path, bar: type[Bar] = Bar) -> Imported:
    """Import a model into the folder of models.

    Raises ModelError, in one sentence; then nothing is there but, where a fetch broke off, what has
    come so far, hidden in the folder of models for the next try.
    """
    acknowledged = acknowledgement(wish.acknowledged)
    checked_tasks(wish.tasks)
    answers = read_answers(wish.answers) if wish.answers else ()
    if wish.name:
        _check_free(wish.name, models, wish.replace)
    with _on_disk(wish, models, bar) as local:
        name = wish.name or _name_of(local)
        _check_free(name, models, wish.replace)
        with open_source(local.path, wish.file, wish.ema) as opened:
            told = opened.checkpoint
            description = describe(told.arguments, told.config, local.name, wish.tasks)
            if answers:
                description = with_answers(description, answers)
            with _new_folder(models, name, wish.replace, size_of(told)) as path:
                sha256 = write_weights(path / WEIGHTS, told, bar)
                sources = tuple(_hashed(file) for file in opened.files)
                folder = _folder(path, name, local, opened, description)
                write_model(
                    replace(folder, sha256=sha256, sources=sources, acknowledged=acknowledged)
                )
    done = ModelFolder.read(models / name)
    size = done.weights_path.stat().st_size
    return Imported(done, told.averaged, size, (*opened.notes, *told.drawn, *description.notes))


@contextmanager
def _on_disk(wish: Wish, models: Path, bar: type[Bar]) -> Iterator[_Local]:
    """The source where it lies, or fetched from the hub."""
    path = _existing(wish.source)
    if path or not hub.is_repository(wish.source) or _NAMED_FILE.fullmatch(wish.source):
        if path is None:
            raise ImportProblem(
                f"There is nothing at {wish.source[:200]}. Name a file, a folder, or a hub's "
                "repository as owner/name."
            )
        if wish.revision:
            raise ImportProblem(f"{path} is on this disk; --revision is for a hub's repository.")
        yield _Local(path, str(path), path.parent.name if _is_plain(path) else path.stem)
        return
    fetched = hub.fetch(
        hub.repository(wish.source, wish.revision),
        models,
        wanted=wish.file,
        token=hub.read_token(wish.token_file),
        bar=bar,
    )
    with fetched.until_done():
        yield _Local(
            fetched.folder,
            f"{fetched.repository.name}@{fetched.commit}",
            fetched.repository.name.partition("/")[2],
            fetched.commit[:12],
            fetched.repository.name.partition("/")[0],
            fetched.licence,
        )


def _existing(source: str) -> Path | None:
    try:
        path = Path(source).expanduser().resolve()
        return path if path.exists() else None
    except (OSError, RuntimeError, ValueError):  # no such person, a loop, far too long
        return None


def _is_plain(path: Path) -> bool:
    return path.is_file() and path.stem in _PLAIN_NAMES


def _name_of(local: _Local) -> str:
    """A name for the model, of the source's; "model" where nothing of it can be used."""
    stem = local.path.name if local.path.is_dir() and not local.maker else local.name
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:64].rstrip("-._")
    return name or "model"


def _check_free(name: str, models: Path, may_replace: bool) -> None:
    if not _NAME.fullmatch(name):
        raise ImportProblem(
            f"{name[:64]!r} is no name of a model. Names are letters, digits, . _ -"
        )
    if (models / name).exists() and not may_replace:
        raise ImportProblem(
            f"There is a model {name} already. Choose another name with --name, or take its place "
            "with --replace."
        )


def _folder(path: Path, name: str, local: _Local, opened: Opened, told: Description) -> ModelFolder:
    config = opened.checkpoint.config.to_json() | dict(told.config)
    licence = f"{LICENCE} The repository says: {local.licence}." if local.licence else LICENCE
    return ModelFolder(
        path=path,
        name=name,
        model_version=local.version or "imported",
        backend="biomedgpt",
        tasks=told.tasks,
        config=config,
        weights=WEIGHTS,
        preprocess=told.preprocess,
        prompt_type=told.prompt_type,
        licence=licence,
        manufacturer=local.maker,
        use=USE,
        size=told.size,
        origin=local.origin,
        answers=told.answers,
    )


def _hashed(path: Path) -> str:
    with path.open("rb") as file:
        return f"{path.name} sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


@contextmanager
def _new_folder(models: Path, name: str, may_replace: bool, size: int) -> Iterator[Path]:
    """A hidden folder that takes its name when the context ends well, and else is gone."""
    path: Path | None = None
    try:
        models.mkdir(mode=0o700, parents=True, exist_ok=True)
        sweep(models)
        if shutil.disk_usage(models).free < size:
            raise OSError(errno.ENOSPC, "No room")
        path = Path(tempfile.mkdtemp(prefix=_UNDER_WAY, dir=models))
        yield path
        _put(path, models / name, may_replace)
    except OSError as error:
        raise _disk_problem(error, models, size) from error
    finally:
        if path is not None:
            shutil.rmtree(path, ignore_errors=True)


def _put(path: Path, target: Path, may_replace: bool) -> None:
    """Give the finished folder its name; a model of that name makes room only then."""
    if not (target.exists() and may_replace):
        path.rename(target)  # raises when one has come to be there in the meantime
        return
    former = path.with_name(f"{path.name}-former")
    target.rename(former)
    try:
        path.rename(target)
    except OSError:
        former.rename(target)
        raise
    if former.is_symlink():
        former.unlink()  # what it points to is not ours
    else:
        shutil.rmtree(former, ignore_errors=True)


def _disk_problem(error: OSError, models: Path, size: int) -> ImportProblem:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return ImportProblem(
            f"There is no room for the model in {models}: {size // 10**6 + 1} MB are needed. "
            "Nothing was imported."
        )
    return ImportProblem(
        f"The model cannot be written into {models} ({error.strerror}). Nothing was imported."
    )


def sweep(models: Path) -> None:
    """Remove what imports left that were killed a day ago or earlier."""
    for path in models.glob(f"{_UNDER_WAY}*"):
        try:
            if time.time() - path.stat().st_mtime > _STALE:
                shutil.rmtree(path, ignore_errors=True)
        except FileNotFoundError:
            continue  # its own process was faster
