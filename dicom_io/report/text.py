"""Text that DICOM holds without loss: cleaned before it is shown, refused when it cannot be."""

from __future__ import annotations

import re
import unicodedata

from dicom_io.errors import UnusableText

LONGEST_TEXT = 16 * 1024  # bytes in UTF-8, one TEXT
LONGEST_DOCUMENT = 1024 * 1024  # bytes, the whole object

_KEPT_CONTROLS = "\t\n\f"
_MARKUP_TAG = re.compile(
    r"</?(?:p|br|b|i|u|em|strong|ul|ol|li|div|span|h[1-6])(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_BREAKING_TAG = re.compile(r"<(?:/p|br\s*/?|/div|/li|/h[1-6])\s*>", re.IGNORECASE)
_LINE_MARK = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|[*+•-][ \t]+|\d{1,2}[.)][ \t]+|>[ \t]+)")
_EMPHASIS = re.compile(r"(\*\*|__|`)(?=\S)(.+?)(?<=\S)\1")


def clean(text: str) -> str:
    """The text as DICOM may hold it: composed (NFC), lines ended by LF, ends stripped.

    Control characters other than TAB, LF and FF go, and so do lone surrogates, which pydicom
    would write without complaint. Raises UnusableText when nothing is left, when a character was
    already lost (U+FFFD) or when the text is longer than 16 KiB.
    Source: PS3.5 6.1.3, 6.2 (UT).
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(one for one in lines if one in _KEPT_CONTROLS or not _is_unusable(one))
    composed = unicodedata.normalize("NFC", kept).strip()
    if not composed:
        raise UnusableText("A sentence of the report is empty. Write it or take it out.")
    if "\ufffd" in composed:
        raise UnusableText(
            "A sentence of the report holds a character that was lost on the way here (U+FFFD). "
            "Write that word again."
        )
    if len(written(composed).encode("utf-8")) > LONGEST_TEXT:
        raise UnusableText(
            f"A sentence of the report is longer than {LONGEST_TEXT // 1024} KiB. "
            "Divide it into several."
        )
    return composed


def _is_unusable(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs")


def written(text: str) -> str:
    """Clean text with its lines ended by CR LF, as UT wants them."""
    return text.replace("\n", "\r\n")


def shown(text: str) -> str:
    """The inverse of `written`, for text of any maker."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def paragraphs(text: str) -> tuple[str, ...]:
    """Plain paragraphs of a text with mark-up (Markdown, HTML): one for each line or bullet.

    For the words of a model, before they become sentences. What merely looks like mark-up in a
    person's own sentence ("< 5 mm") stays.
    """
    lines = _BREAKING_TAG.sub("\n", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    plain = (_EMPHASIS.sub(r"\2", _LINE_MARK.sub("", _MARKUP_TAG.sub("", line))) for line in lines)
    return tuple(line.strip() for line in plain if line.strip())


def fitting(text: str, limit: int) -> str:
    """The text cut to `limit` bytes for a short value (SH, LO), without backslash or control.

    The standard counts characters, but validators count bytes. A cut text ends in an ellipsis, so
    that nobody takes it for the whole.
    """
    kept = "".join(" " if one == "\\" or _is_unusable(one) else one for one in text)
    short = unicodedata.normalize("NFC", " ".join(kept.split()))
    if len(short.encode("utf-8")) <= limit:
        return short
    room = limit - len("…".encode())
    return short.encode("utf-8")[:room].decode("utf-8", "ignore").rstrip() + "…"
