"""The notes that speak against a suggested sentence, and which sentences carry one."""

from __future__ import annotations

from dicom_io.report.document import Sentence

SAME_ON_NOISE = "same on noise"  # the answer hardly moves when the picture is taken away
CUT_OFF = "cut off"
OTHER_SIDE = "names the other side than the image"
OTHER_SEX = "names an organ of the other sex"
NO_SUCH_LEVEL = "there is no such level"
NOT_MEASURED = "nobody has measured this"
CONTRADICTED = "the findings say otherwise"
DOUBTS = (
    SAME_ON_NOISE,
    CUT_OFF,
    OTHER_SIDE,
    OTHER_SEX,
    NO_SUCH_LEVEL,
    NOT_MEASURED,
    CONTRADICTED,
)


def doubts_of(sentence: Sentence) -> tuple[str, ...]:
    """What its notes say against it, while nobody has decided about it."""
    if sentence.is_decided:
        return ()
    return tuple(one for one in sentence.note.split(", ") if one in DOUBTS)
