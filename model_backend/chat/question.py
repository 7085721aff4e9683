"""What is sent for a request: its words, and the pixels of its picture; nothing else of it."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model_backend.chat.choosing import plain
from model_backend.chat.wording import filled
from model_backend.request import REGION, BadRequest, Place, Request
from model_backend.tasks import TASKS

MOST_LETTERS = 200_000  # of the texts of a question; far beyond what a model reads
MOST_CANDIDATES = 20_000  # letters of all candidates together, since they stand in the question


def check(request: Request) -> None:
    """Raise BadRequest when the request cannot be answered."""
    task = TASKS[request.task]
    if task.has_image and len(request.images) != 1:
        raise BadRequest(
            f"A chat model looks at one picture a question, not at {len(request.images)}."
        )
    for name, text in zip(task.texts, (request.text, request.text2), strict=False):
        if not text.strip():
            raise BadRequest(f"The {name} has no words. Write it and ask again.")
    if len(request.text) + len(request.text2) > MOST_LETTERS:
        raise BadRequest("The text is longer than a model reads. Shorten it and ask again.")
    if task.gives == "choice":
        _check_candidates(candidates_of(request))
    elif not 1 <= request.decoding.max_tokens <= 100_000:
        raise BadRequest("An answer has 1 to 100,000 tokens.")
    if task.has_box:
        shown(request)


def candidates_of(request: Request) -> tuple[str, ...]:
    """The possible answers: those given, else the task's usual ones."""
    return request.candidates or TASKS[request.task].candidates


def limit_of(request: Request) -> int:
    """How many tokens the answer may have. A candidate fits, since a token has at least a byte."""
    if TASKS[request.task].gives != "choice":
        return request.decoding.max_tokens
    return 8 + max(len(one.encode("utf-8", "replace")) for one in candidates_of(request))


def content_of(
    request: Request, wordings: Mapping[str, str], longest_side: int
) -> list[dict[str, Any]] | str:
    """The message: the words, then the picture, which is the order of the servers' own examples."""
    words = filled(wordings[request.task], request.text, request.text2, candidates_of(request))
    if not TASKS[request.task].has_image:
        return words
    url = "data:image/png;base64," + base64.b64encode(png(shown(request), longest_side)).decode()
    return [{"type": "text", "text": words}, {"type": "image_url", "image_url": {"url": url}}]


def shown(request: Request) -> NDArray[np.uint8]:
    """The pixels that are sent: the whole picture, or the whole pixels that a box touches.

    A box is sent as a cut-out and not drawn in, since nothing says that a model knows what a drawn
    frame means, and since small things are seen better so. Raises BadRequest for an empty box.
    """
    pixels, box = request.images[0].pixels, request.box
    if request.task != REGION:
        return pixels
    if box is None or not all(map(math.isfinite, (box.x0, box.y0, box.x1, box.y1))):
        raise BadRequest("A question about a region needs a box. Draw one and ask again.")
    cut = _inside(pixels, box)
    if 0 in cut.shape:
        raise BadRequest("The box holds no pixel of the picture. Draw it on the picture.")
    return cut


def png(pixels: NDArray[np.uint8], longest_side: int = 0) -> bytes:
    """The pixels, (height, width) or (height, width, 3), as a PNG without any text or time in it;
    made smaller where a side is longer than `longest_side` pixels (0: never)."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if longest_side and max(image.size) > longest_side:
        share = longest_side / max(image.size)
        width, height = (max(1, round(side * share)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=3)
    return file.getvalue()


def _inside(pixels: NDArray[np.uint8], box: Place) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    left, top = max(0, math.floor(box.x0)), max(0, math.floor(box.y0))
    right, bottom = min(width, math.ceil(box.x1)), min(height, math.ceil(box.y1))
    return pixels[top : max(top, bottom), left : max(left, right)]


def _check_candidates(candidates: Sequence[str]) -> None:
    if not candidates:
        raise BadRequest("There is nothing to choose from: the list of answers is empty.")
    if sum(map(len, candidates)) > MOST_CANDIDATES:
        raise BadRequest(
            "These are too many answers to choose from for a question in words. Name fewer."
        )
    seen: dict[str, str] = {}
    for one in candidates:
        key = plain(one)
        if not key:
            raise BadRequest("One of the answers to choose from is empty. Leave it out.")
        if key in seen:
            raise BadRequest(
                f"The answers {seen[key][:40]!r} and {one[:40]!r} are the same to this model. "
                "Leave one out."
            )
        seen[key] = one
