"""Files of ours sealed on the disk by AES-GCM, under a key that lies in the system's keyring or is
made of a passphrase, never beside them.

A sealed file names its key, not more: `WTSEAL1\\n`, one byte for the kind of key, 16 bytes that
name it (or salt the passphrase), 12 bytes of nonce, and the sealed content. A folder's `key.id`
says which key its next files get. Without a keyring and a passphrase nothing is sealed; files are
then open to their owner alone, as all of ours.
"""

from __future__ import annotations

import base64
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from dicom_io.errors import FormatUnreadable, SecretProblem
from dicom_io.pacs.secrets import keep_secret, secret_of
from dicom_io.storage import storage_problem, sync_folder

MAGIC = b"WTSEAL1\n"
PASSPHRASE = "WETREAD_PASSPHRASE"  # the environment's, where there is no keyring
_KEYRING, _OF_PASSPHRASE = b"K", b"P"
_KINDS = {"keyring": _KEYRING, "passphrase": _OF_PASSPHRASE}
_ID, _NONCE = 16, 12
_HEAD = len(MAGIC) + 1 + _ID


def sealed(content: bytes, folder: Path) -> bytes:
    """The content, sealed where `folder` has a key or can get one, else as it is.

    May wait for a person who unlocks the keyring. Raises SecretProblem when the folder's key is not
    to be had, and StorageProblem.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # slow, and often not needed

    head = _head(folder)
    if not head:
        return content
    nonce = os.urandom(_NONCE)
    return head + nonce + AESGCM(_key(head)).encrypt(nonce, content, head)


def unsealed(content: bytes, path: Path) -> bytes:
    """What a file holds, sealed or not. Raises SecretProblem, FormatUnreadable."""
    if not content.startswith(MAGIC):
        return content
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    head, nonce = content[:_HEAD], content[_HEAD : _HEAD + _NONCE]
    try:
        return AESGCM(_key(head)).decrypt(nonce, content[_HEAD + _NONCE :], head)
    except (InvalidTag, ValueError) as error:
        raise FormatUnreadable(
            f"{path} cannot be opened: it is damaged, or sealed with another passphrase. Keep it.",
            path,
        ) from error


def read_unsealed(path: Path) -> bytes:
    """The content of a file, sealed or not. Raises OSError, SecretProblem, FormatUnreadable."""
    return unsealed(path.read_bytes(), path)


@contextmanager
def open_file(path: Path) -> Iterator[Path]:
    """A path under which the unsealed content can be read until the end of the block: the file
    itself where it is not sealed, memory where the system offers that, else a file that is removed.
    """
    content = path.read_bytes()
    if not content.startswith(MAGIC):
        yield path
        return
    if sys.platform == "linux":
        descriptor = os.memfd_create("wetread")
        try:
            with open(descriptor, "wb", closefd=False) as file:
                file.write(unsealed(content, path))
            yield Path(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)
        return
    with tempfile.TemporaryDirectory(prefix=".back-", dir=path.parent) as folder:
        opened = Path(folder) / path.name
        opened.write_bytes(unsealed(content, path))
        yield opened


def _head(folder: Path) -> bytes:
    """The head of the folder's next sealed file; nothing where it has no key and can get none."""
    mark = folder / "key.id"
    with contextlib.suppress(FileNotFoundError):
        return _head_of(mark)
    ident = os.urandom(_ID)
    if os.environ.get(PASSPHRASE):
        kind = "passphrase"
    elif _keep_new_key(ident):
        kind = "keyring"
    else:
        return b""
    return _claimed(mark, f"{kind} {ident.hex()}\n")


def _head_of(mark: Path) -> bytes:
    try:
        kind, ident = mark.read_text(encoding="ascii").split()
        head = MAGIC + _KINDS[kind] + bytes.fromhex(ident)
    except (ValueError, KeyError) as error:
        raise FormatUnreadable(
            f"{mark} does not name a key. Remove it; what is sealed names its key itself.", mark
        ) from error
    return head


def _claimed(mark: Path, words: str) -> bytes:
    """Write the folder's mark whole or not at all; another process may have been first."""
    growing = mark.with_name(f".{mark.name}-{os.urandom(8).hex()}")
    try:
        growing.write_text(words, encoding="ascii")
        with contextlib.suppress(FileExistsError):
            os.link(growing, mark)
        sync_folder(mark.parent)
    except OSError as error:
        raise storage_problem(error, mark) from error
    finally:
        growing.unlink(missing_ok=True)
    return _head_of(mark)


def _keep_new_key(ident: bytes) -> bool:
    """Make a key and keep it in the keyring; False where there is none, or it forgets."""
    key = base64.b64encode(os.urandom(32)).decode()
    try:
        keep_secret(_name(ident), key)
    except SecretProblem as problem:
        if problem.no_keyring:
            return False
        raise
    return secret_of(_name(ident)) == key


def _name(ident: bytes) -> str:
    return f"key {ident.hex()}"


def _key(head: bytes) -> bytes:
    kind, ident = head[len(MAGIC) : len(MAGIC) + 1], head[-_ID:]
    if kind == _OF_PASSPHRASE:
        passphrase = os.environ.get(PASSPHRASE, "")
        if not passphrase:
            raise SecretProblem(
                f"The outbox is sealed with a passphrase. Set {PASSPHRASE} and start again."
            )
        return _derived(passphrase, ident)
    kept = _kept(_name(ident))
    if not kept:
        _kept.cache_clear()  # it may be there later
        raise SecretProblem(
            "The outbox is sealed and its key is not in this system's keyring. Unlock the keyring, "
            "or start the one that has the key, and try again."
        )
    return base64.b64decode(kept)


@cache
def _kept(name: str) -> str:
    return secret_of(name)


@cache
def _derived(passphrase: str, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode())
