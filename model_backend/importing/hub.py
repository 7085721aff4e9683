"""A model's files from a hub: the few that are needed, gone on with where a fetch broke off.

`huggingface_hub` speaks the protocol. Its own cache begins every broken file anew in the next
process; here each file grows in a `.part` beside its place, so that the next try asks for the rest.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from model_backend.importing.choosing import Choice, choose, shards_of
from model_backend.importing.problems import FetchProblem, ImportProblem
from model_backend.importing.progress import Bar
from model_backend.request import BadCheckpoint

FETCHING = ".fetching-"  # how the folder of what came so far begins
ENDPOINT = "https://huggingface.co"  # unless HF_ENDPOINT says otherwise
_KEPT = 30 * 24 * 3600  # seconds that a broken fetch is kept for
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?"
_SOURCE = re.compile(rf"({_PART}/{_PART})(?:@([A-Za-z0-9][A-Za-z0-9._/-]{{0,99}}))?")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ()._-]{0,199}")
_TRIES = 5  # after which a connection that brings nothing is given up
_PATIENCE = 10.0  # seconds for an answer
_QUIET = {  # before the library is imported, which reads them once
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_XET": "1",  # plain HTTP can be gone on with, and needs no program of others
    "HF_HUB_DISABLE_UPDATE_CHECK": "1",
}


@dataclass(frozen=True)
class Repository:
    """A model on a hub."""

    name: str  # owner/name
    revision: str = "main"  # a branch, a tag or a commit
    endpoint: str = ENDPOINT


@dataclass(frozen=True)
class Fetched:
    """The files of one commit, all there, in a hidden folder."""

    repository: Repository
    commit: str
    folder: Path
    licence: str = ""  # what the repository's card says

    @contextmanager
    def until_done(self) -> Iterator[None]:
        """Remove the folder when the context ends well, or with files that cannot be used; what
        else may go wrong can be put right without fetching again."""
        try:
            yield
        except BadCheckpoint:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        shutil.rmtree(self.folder, ignore_errors=True)


def is_repository(source: str) -> bool:
    """Whether that is written as a hub's repository: owner/name, or owner/name@revision."""
    return _SOURCE.fullmatch(source) is not None


def repository(source: str, revision: str = "") -> Repository:
    """The repository that is meant; HF_ENDPOINT names another hub.

    Raises ImportProblem for a revision named twice, and for a hub elsewhere without TLS.
    """
    match = _SOURCE.fullmatch(source)
    if match is None:
        raise ImportProblem(f"{source[:120]!r} is no repository: write it as owner/name.")
    if match[2] and revision and match[2] != revision:
        raise ImportProblem("The revision is named twice: after the @, and with --revision.")
    endpoint = (os.environ.get("HF_ENDPOINT") or ENDPOINT).rstrip("/")
    place = urlsplit(endpoint)
    is_near = place.hostname in ("localhost", "127.0.0.1", "::1")
    if not (place.scheme == "https" or (place.scheme == "http" and is_near)):
        raise ImportProblem(f"HF_ENDPOINT is {endpoint[:120]}: only https is spoken with a hub.")
    return Repository(match[1], match[2] or revision or "main", endpoint)


def read_token(path: Path | None) -> str | None:
    """The token in a file, else in HF_TOKEN, else None; never printed. Raises ImportProblem."""
    if path is None:
        token = os.environ.get("HF_TOKEN", "").strip()
    else:
        try:
            with path.open("rb") as file:
                token = file.read(4096).decode("ascii").strip()
        except (OSError, ValueError) as error:
            raise ImportProblem(f"No token can be read from {path}.") from error
    if token and not re.fullmatch(r"[\x21-\x7e]+", token):
        raise ImportProblem("The token for the hub holds characters that none can have.")
    if path is not None and not token:
        raise ImportProblem(f"No token can be read from {path}.")
    return token or None


def fetch(
    wanted_from: Repository,
    models: Path,
    *,
    wanted: str = "",
    token: str | None = None,
    bar: type[Bar] = Bar,
) -> Fetched:
    """The weights and settings of a repository, in a hidden folder in the folder of models.

    Raises FetchProblem, ImportProblem when the repository holds no model, or BadCheckpoint.
    """
    sweep(models)
    with _problems(wanted_from):
        hub = _Hub(wanted_from, token, bar)
        listed = hub.listing()
        choice = choose(listed.files, wanted_from.name, wanted)
        label = wanted_from.name.replace("/", "--")
        folder = models / f"{FETCHING}{label}-{listed.commit[:12]}"
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        _check_room(folder, listed, choice)
        for name in (*choice.beside, choice.weights):
            hub.bring(listed, name, folder)
        if choice.is_index:
            for name in shards_of(folder / choice.weights):
                if name not in listed.files:
                    raise BadCheckpoint(
                        f"{choice.weights} names {name}, which {wanted_from.name} lacks.", name
                    )
                hub.bring(listed, name, folder)
    return Fetched(wanted_from, listed.commit, folder, listed.licence)


@dataclass(frozen=True)
class _File:
    size: int
    sha256: str | None  # of files kept with Git LFS


@dataclass(frozen=True)
class _Listed:
    commit: str
    files: Mapping[str, _File]
    licence: str


class _Hub:
    """The conversation with one hub about one repository."""

    def __init__(self, repository: Repository, token: str | None, bar: type[Bar]) -> None:
        import httpx2
        import huggingface_hub

        # Its warnings name addresses that are signed.
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
        self._library: Any = huggingface_hub
        self._network_problem = httpx2.TransportError
        self._repository = repository
        self._token: str | bool = token or False  # False: no other token is looked for
        self._bar = bar

    def listing(self) -> _Listed:
        """The commit that the revision means, and its files."""
        api = self._library.HfApi(endpoint=self._repository.endpoint, token=self._token)
        found = api.model_info(
            self._repository.name,
            revision=self._repository.revision,
            files_metadata=True,
            timeout=_PATIENCE,
        )
        commit = str(found.sha)
        if not re.fullmatch(r"[0-9a-f]{7,64}", commit):
            raise ValueError("no commit")
        files = {
            one.rfilename: _File(one.size, one.lfs.sha256 if one.lfs else None)
            for one in found.siblings or ()
            if _FILE.fullmatch(one.rfilename) and one.size is not None
        }
        card = found.card_data.get("license") if found.card_data else None
        return _Listed(commit, files, " ".join(str(card).split())[:80] if card else "")

    def bring(self, listed: _Listed, name: str, folder: Path) -> None:
        """One file, whole and checked; nothing where it is there already."""
        place, part = folder / name, folder / f"{name}.part"
        if place.exists():
            return
        known = listed.files[name]
        idle = 0
        while _size(part) < known.size or not part.exists():
            before = _size(part)
            with contextlib.suppress(self._network_problem):  # the next one goes on
                self._go_on(listed.commit, name, part, known.size)
            idle = 0 if _size(part) > before else idle + 1
            if idle == _TRIES:
                raise FetchProblem(self._broken(name))
            time.sleep(0.2 * idle)
        _check(part, known)
        part.rename(place)

    def _go_on(self, commit: str, name: str, part: Path, size: int) -> None:
        """Ask for what is missing."""
        library, place = self._library, self._repository
        url = library.hf_hub_url(place.name, name, revision=commit, endpoint=place.endpoint)
        told = library.get_hf_file_metadata(
            url, token=self._token, timeout=_PATIENCE, endpoint=place.endpoint
        )
        headers = library.utils.build_hf_headers(token=self._token)
        headers["Accept-Encoding"] = "identity"  # so that bytes can be counted
        if urlsplit(told.location).netloc != urlsplit(url).netloc:
            headers.pop("authorization", None)  # the token is the hub's alone
        self._receive(told.location, headers, part, size)

    def _receive(self, url: str, headers: dict[str, str], part: Path, size: int) -> None:
        """Append what comes; from the beginning where the server does not go on. (The library's own
        download keeps nothing of the last ten megabytes before a break.)"""
        session, done = self._library.utils.get_session(), _size(part)
        if done:
            headers = {**headers, "Range": f"bytes={done}-"}
        with session.stream("GET", url, headers=headers, timeout=_PATIENCE) as response:
            self._library.utils.hf_raise_for_status(response)
            goes_on = response.headers.get("Content-Range", "").startswith(f"bytes {done}-")
            if done and not goes_on:
                done = 0
                if response.status_code == 206:
                    raise FetchProblem(self._broken(part.stem))
            with (
                part.open("ab" if done else "wb") as file,
                self._bar(desc=part.stem, total=size, initial=done) as bar,
            ):
                for chunk in response.iter_bytes():
                    file.write(chunk)
                    bar.update(len(chunk))
                    if file.tell() > size:
                        return  # more than is listed: not the file

    def _broken(self, name: str) -> str:
        host = urlsplit(self._repository.endpoint).netloc
        return (
            f"The connection to {host} broke off while {name} was being fetched. What has come is "
            "kept: the same command goes on from there."
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _check(part: Path, known: _File) -> None:
    """Raise FetchProblem when the file is not the one that the hub lists."""
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest() if known.sha256 else None
    size = part.stat().st_size
    if found != known.sha256 or size != known.size:
        part.unlink()
        raise FetchProblem(
            f"{part.name.removesuffix('.part')} arrived damaged: it is not the file that the hub "
            "lists. Import it again."
        )


def _check_room(folder: Path, listed: _Listed, choice: Choice) -> None:
    """Raise ImportProblem when the files cannot be fetched and written once more."""
    suffix = choice.weights.removesuffix(".index.json").rpartition(".")[2]
    names = [choice.weights]
    if choice.is_index:
        names = [name for name in listed.files if name.endswith(f".{suffix}")]
    size = 2 * sum(listed.files[name].size for name in names)
    there = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    free = shutil.disk_usage(folder).free + there
    if free < size:
        raise ImportProblem(
            f"There is no room for the model in {folder.parent}: {size // 10**6} MB are needed to "
            f"fetch and to write it, {free // 10**6} MB are free."
        )


def sweep(models: Path) -> None:
    """Remove what fetches left that broke off a month ago or earlier."""
    for path in models.glob(f"{FETCHING}*"):
        if time.time() - path.stat().st_mtime > _KEPT:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _problems(repository: Repository) -> Iterator[None]:
    """Turns what the library raises into one sentence; addresses and tokens stay out of it."""
    os.environ.update(_QUIET)
    try:
        import httpx2
        from huggingface_hub import errors
    except ImportError as error:
        raise ImportProblem(
            "Models are fetched with the package huggingface_hub, which is missing. Install "
            "wetread[model], or give a file that was fetched otherwise."
        ) from error
    name, host = repository.name, urlsplit(repository.endpoint).netloc
    try:
        yield
    except errors.GatedRepoError as error:
        raise FetchProblem(
            f"{name} is given on request: ask for it on {host}, then give your token with "
            "HF_TOKEN or --token-file."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise FetchProblem(f"{name} has no revision {repository.revision[:80]}.") from error
    except errors.RepositoryNotFoundError as error:
        raise FetchProblem(
            f"{host} has no model {name}, or shows it only with a token (HF_TOKEN or --token-file)."
        ) from error
    except errors.HfHubHTTPError as error:
        raise FetchProblem(_refusal(error, host, name)) from error
    except errors.OfflineModeIsEnabled as error:
        raise FetchProblem(
            "Fetching is switched off by HF_HUB_OFFLINE. Unset it, or give a file."
        ) from error
    except httpx2.HTTPError as error:
        raise FetchProblem(
            f"{host} cannot be reached. See to the network, or give a file that was fetched "
            "otherwise."
        ) from error
    except OSError as error:
        raise _disk_problem(error, name) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FetchProblem(
            f"{host} answers with something else than a hub's listing of {name}."
        ) from error


def _refusal(error: Any, host: str, name: str) -> str:
    code = error.response.status_code
    if code in (401, 403):
        return (
            f"{host} refuses {name} ({code}). Give a token that may read it with HF_TOKEN or "
            "--token-file."
        )
    if code == 404:
        return f"{host} no longer has a file of {name} that it lists ({code})."
    return f"{host} cannot give {name} now ({code}). Import it again later."


def _disk_problem(error: OSError, name: str) -> ImportProblem:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return ImportProblem(f"The disk is full: {name} cannot be fetched. Make room.")
    if error.errno is None:  # the library's own: a size that does not agree
        return FetchProblem(f"{name} arrived incomplete. The same command goes on from there.")
    return ImportProblem(f"{name} cannot be kept on this disk ({error.strerror}).")
