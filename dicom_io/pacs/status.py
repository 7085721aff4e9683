"""DIMSE status numbers, and each as a sentence."""

from __future__ import annotations

# PS3.4 tables B.2-1, C.4-1, C.4-3 and PS3.7 annex C.
SUCCESS = 0x0000
PENDING = (0xFF00, 0xFF01)
CANCELLED = 0xFE00
SUBOPERATIONS_FAILED = 0xB000  # C-GET: done, with failures or warnings
COERCED = 0xB000  # C-STORE: attributes were changed
OUT_OF_RESOURCES = 0xA700
WRONG_CLASS = 0xA900
CANNOT_UNDERSTAND = 0xC000
PROCESSING_FAILURE = 0x0110
DUPLICATE = 0x0111
NO_SUCH_OBJECT = 0x0112
INVALID_ARGUMENT = 0x0115
CLASS_CONFLICT = 0x0119
CLASS_NOT_SUPPORTED = 0x0122
NOT_AUTHORIZED = 0x0124

_MEANINGS = {
    0x0105: "it knows no such attribute",
    0x0106: "it finds an attribute's value wrong",
    DUPLICATE: "it already holds another object with the same UID and kept that one",
    PROCESSING_FAILURE: "it failed to process the request",
    NO_SUCH_OBJECT: "it holds no such object",
    INVALID_ARGUMENT: "it finds the request wrong",
    0x0117: "it finds the object's UID wrong",
    0x0118: "it does not know this class of object",
    CLASS_CONFLICT: "it holds the object as one of another class",
    CLASS_NOT_SUPPORTED: "it does not accept this class of object",
    NOT_AUTHORIZED: "it does not allow us to do that; ask its administrator",
    0x0210: "it has seen this message before",
    0x0211: "it does not know this operation",
    0x0212: "it finds the message malformed",
    0xA701: "it has no resources left to count what matches; try again later",
    0xA702: "it has no resources left to send; try again later",
    0xA801: "it does not know us as a destination for C-MOVE",
    0xB000: "it changed attributes of the object",
    0xB006: "it left elements of the object out",
    0xB007: "it finds that the object does not match its class",
    CANCELLED: "it stopped before the end",
}

# First two digits of a status to its meaning, where the rest may vary.
_RANGES = {
    0xA7: "it has no room or resources left; try again later, or ask its administrator",
    0xA9: "it finds that the object does not match its class",
    0xC0: "it could not process the request",
}


def is_pending(status: int) -> bool:
    """True when more answers follow."""
    return status in PENDING


def is_warning(status: int) -> bool:
    """True when the operation was done, but not quite as asked (PS3.7 C.3)."""
    return status in (0x0001, 0x0107, 0x0116) or 0xB000 <= status <= 0xBFFF


def meaning(status: int, comment: str = "") -> str:
    """What a status says of the node, to follow its name: "it has no room left (status 0xA700)".

    `comment` is the node's own ErrorComment; it may be free text and is quoted in short.
    """
    known = _MEANINGS.get(status) or _RANGES.get(status >> 8)
    if known is None:
        known = "it failed" if not is_warning(status) else "it gave a warning"
        known = "it could not process the request" if status >> 12 == 0xC else known
    said = f', it says "{comment[:64]}"' if comment else ""
    return f"{known} (status 0x{status:04X}{said})"
