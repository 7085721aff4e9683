"""Passwords and tokens of nodes, kept by the system's keyring and nowhere else."""

from __future__ import annotations

from dicom_io.errors import SecretProblem

SERVICE = "wetread"


def secret_of(node: str) -> str:
    """The secret kept for a node of that name; "" where none is, or the system has no keyring.

    May wait for a person who unlocks the keyring: never call it on the Qt thread. Raises
    SecretProblem when the keyring refuses.
    """
    import keyring  # takes a tenth of a second, which nodes without a secret need not wait
    from keyring.errors import KeyringError, NoKeyringError

    try:
        return keyring.get_password(SERVICE, node) or ""
    except NoKeyringError:
        return ""
    except KeyringError as error:
        raise SecretProblem(
            f"The keyring does not give the secret of {node} ({error}). Unlock it and try again."
        ) from error


def keep_secret(node: str, secret: str) -> None:
    """Keep a node's secret in the keyring; an empty one takes it out. Raises SecretProblem."""
    import keyring
    from keyring.errors import KeyringError, NoKeyringError, PasswordDeleteError

    try:
        if secret:
            keyring.set_password(SERVICE, node, secret)
        else:
            keyring.delete_password(SERVICE, node)
    except PasswordDeleteError:
        return  # there was none
    except NoKeyringError as error:
        if not secret:
            return
        raise SecretProblem(
            "This system has no keyring, so the secret was not kept. Start one (gnome-keyring, "
            "KWallet) and try again.",
            no_keyring=True,
        ) from error
    except KeyringError as error:
        raise SecretProblem(
            f"The keyring did not keep the secret of {node} ({error}). Unlock it and try again."
        ) from error
