"""The gate on the picture itself: what no header says, the pixels that the model receives may."""

from __future__ import annotations

from model_backend.folder import ModelFolder
from model_backend.gate.gate import chest_gate
from plugin._seen import Seen

_LOOK_AT_NOTHING = ("echo",)  # backends that give back what they were asked


def why_not_this_picture(seen: Seen, model: ModelFolder) -> str:
    """Why no findings must be drafted from these pixels, in a sentence; "" when they may.

    It knows nothing of the header, so that a wrong one does not help a picture through. Raises
    BadCheckpoint when the gate's own file is missing.
    """
    if model.backend in _LOOK_AT_NOTHING:
        return ""
    judged = chest_gate().judge(seen.pixels)
    if judged.is_chest_film:
        return ""
    return (
        "No draft: this does not look like an upright frontal chest film: "
        f"{judged.reason}. Questions can still be asked."
    )
