"""A model behind a chat server: what it is asked, and right and honest answers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from model_backend.chat.wording import TASKS as CHAT_TASKS
from model_backend.chat.wording import WORDINGS
from model_backend.client import ModelClient
from model_backend.request import (
    ANSWER,
    DETECTION,
    ENTAILMENT,
    GROUNDING,
    INFILL_IMAGE,
    INFILL_TEXT,
    REGION,
    TREATMENT,
    Answer,
    BadRequest,
    Decoding,
    ImageInput,
    Place,
    Refusal,
    Request,
    Token,
)
from model_backend.tasks import TASKS
from tests.chat_asked import (
    FILM,
    IMAGE,
    SECRET,
    YES_NO,
    Ask,
    answer_in,
    closed,
    is_one_sentence,
    question,
    reason_in,
)
from tests.chat_server import (
    MODEL,
    STREAM,
    ChatServer,
    Reply,
    chunk,
    event,
    first_token,
    raw,
    say,
    status,
)

END = chunk(finish="stop")


# --- what is asked and answered ---


def test_words_come_as_they_are_written_and_join_to_the_answer(
    chat_client: ModelClient, chat: ChatServer
) -> None:
    chat.replies = [say(" The heart is enlarged. \n")]

    events = list(chat_client.ask([question()]))

    pieces = [one.text for one in events if isinstance(one, Token)]
    answer = answer_in(events)
    assert pieces == ["The", " heart", " is", " enlarged."]
    assert answer.text == "".join(pieces)
    assert (answer.probabilities, answer.cut_off, answer.score) == (None, False, None)
    assert answer.model.name == "vlm"
    assert answer.model.version == MODEL
    assert answer.model.address == f"http://127.0.0.1:{chat.port}"
    assert chat_client.identity == answer.model


def test_request_is_reproducible_and_limited(ask_chat: Ask, chat: ChatServer) -> None:
    ask_chat(question(decoding=Decoding(max_tokens=33), seed=7))

    (sent,) = chat.questions
    body = sent.json
    assert body["model"] == MODEL
    assert (body["temperature"], body["seed"], body["max_tokens"]) == (0, 7, 33)
    assert body["stream"] is True
    assert "logprobs" not in body
    assert "authorization" not in sent.headers


def test_nothing_but_pixels_and_question_reaches_the_server(
    ask_chat: Ask, chat: ChatServer
) -> None:
    request = replace(question("is there a fracture?"), id="request-1234")

    ask_chat(request, closed("normal?"))

    received = b"".join(one.head + one.body for one in chat.received)
    for secret in (*SECRET.split("|"), request.id, "vlm-folder", "wetread", "python"):
        assert secret.lower().encode() not in received.lower(), secret
    allowed = {"host", "accept", "accept-encoding", "connection", "content-type", "content-length"}
    assert {name for one in chat.received for name in one.headers} <= allowed
    fields = {"model", "messages", "temperature", "seed", "max_tokens", "stream"}
    assert set(chat.questions[0].json) == fields
    assert set(chat.questions[1].json) == fields | {"logprobs", "top_logprobs"}
    (message,) = chat.questions[0].json["messages"]
    assert set(message) == {"role", "content"}
    assert [part["type"] for part in message["content"]] == ["text", "image_url"]


def test_picture_that_is_sent_has_the_pixels_and_no_other_word(
    ask_chat: Ask, chat: ChatServer
) -> None:
    ask_chat(question())

    png = chat.questions[-1].png
    assert np.array_equal(chat.questions[-1].picture, FILM)
    assert png_chunks(png) == {b"IHDR", b"IDAT", b"IEND"}


def test_colour_stays_and_a_large_picture_is_made_smaller(ask_chat: Ask, chat: ChatServer) -> None:
    wide = np.zeros((50, 400, 3), np.uint8)
    wide[..., 0] = 200

    ask_chat(Request(ANSWER, (ImageInput(wide),), "what?"), longest_side=100)

    picture = chat.questions[-1].picture
    assert picture.shape == (12, 100, 3)
    assert picture[6, 50].tolist() == [200, 0, 0]


def test_region_is_sent_as_the_pixels_that_the_box_touches(ask_chat: Ask, chat: ChatServer) -> None:
    ask_chat(Request(REGION, (IMAGE,), box=Place(3.5, 4.0, 10.2, 9.0)))

    assert np.array_equal(chat.questions[-1].picture, FILM[4:9, 3:11])
    assert chat.questions[0].words == WORDINGS[REGION]


@pytest.mark.parametrize("box", [None, Place(50, 50, 60, 60), Place(math.nan, 0, 5, 5)])
def test_region_without_a_pixel_is_refused_before_anything_is_sent(
    ask_chat: Ask, chat: ChatServer, box: Place | None
) -> None:
    with pytest.raises(BadRequest):
        ask_chat(Request(REGION, (IMAGE,), box=box))

    assert not chat.received


def png_chunks(png: bytes) -> set[bytes]:
    """The names of a PNG's chunks."""
    names, place = set(), 8
    while place < len(png):
        names.add(png[place + 4 : place + 8])
        place += 12 + int.from_bytes(png[place : place + 4], "big")
    return names


@pytest.mark.parametrize("task", CHAT_TASKS)
def test_every_task_is_a_question_in_words(ask_chat: Ask, chat: ChatServer, task: str) -> None:
    table = TASKS[task]
    given = ("effusion", "fracture") if table.has_candidates else ()
    candidates = given or table.candidates
    chat.replies = [say(candidates[1].upper() + "." if candidates else "Two {words}")]
    request = Request(
        task, (IMAGE,), "text {one}", given, text2="text {two}", box=Place(0, 0, 5, 5)
    )

    answer = answer_in(ask_chat(request))

    words = chat.questions[0].words
    assert answer.text == (candidates[1] if candidates else "Two {words}")
    assert ("text {one}" in words) == bool(table.texts)
    assert ("text {two}" in words) == (len(table.texts) == 2)
    assert all(f"\n{one}" in words for one in candidates)
    assert ("image_url" in chat.questions[0].body.decode()) == table.has_image


@pytest.mark.parametrize("task", [GROUNDING, DETECTION, INFILL_IMAGE, INFILL_TEXT, "poetry"])
def test_task_that_it_lacks_is_refused_without_a_word_sent(
    ask_chat: Ask, chat: ChatServer, task: str
) -> None:
    reason = reason_in(ask_chat(Request(task, (IMAGE,), "text")))

    assert task in reason
    assert not chat.received


def test_own_wording_of_the_folder_comes_first(ask_chat: Ask, chat: ChatServer) -> None:
    ask_chat(question("where?"), prompts={ANSWER: "Antworte kurz: {text}"})

    assert chat.questions[0].words == "Antworte kurz: where?"


def test_site_can_add_fields_and_name_the_limit(ask_chat: Ask, chat: ChatServer) -> None:
    ask_chat(
        question(),
        extra={"chat_template_kwargs": {"enable_thinking": False}, "temperature": 0.1},
        limit="max_completion_tokens",
        more_tokens=1000,
    )

    body = chat.questions[0].json
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert body["temperature"] == 0.1
    assert body["max_completion_tokens"] == 1064
    assert "max_tokens" not in body


@pytest.mark.parametrize(
    "request_",
    [
        question("   "),
        Request(ANSWER, (), "what?"),
        Request(ANSWER, (IMAGE, IMAGE), "what?"),
        question("word " * 50_000),
        question(decoding=Decoding(max_tokens=0)),
        closed(candidates=()),
        closed(candidates=("yes", " ")),
        closed(candidates=("yes", "Yes.")),
        closed(candidates=[f"finding number {n}" for n in range(5000)]),
        Request(TREATMENT, text="a patient"),
        Request(ENTAILMENT, text="premise"),
    ],
)
def test_bad_request_is_one_sentence_before_anything_is_sent(
    ask_chat: Ask, chat: ChatServer, request_: Request
) -> None:
    with pytest.raises(BadRequest) as caught:
        ask_chat(question(), request_)

    assert is_one_sentence(str(caught.value)) or str(caught.value).count(". ") == 1
    assert not chat.received


# --- closed answers and their probabilities ---


@pytest.mark.parametrize("written", ["yes", "Yes", " YES. ", '"yes"', "**Yes**\n"])
def test_candidate_is_known_but_for_case_and_marks(
    ask_chat: Ask, chat: ChatServer, written: str
) -> None:
    chat.replies = [say(written)]

    events = ask_chat(closed())

    answer = answer_in(events)
    assert len(events) == 1
    assert answer.text == "yes"
    assert answer.probabilities is None
    assert not answer.calibrated


@pytest.mark.parametrize("written", ["yes, probably", "no.yes", "maybe", "nothing"])
def test_answer_that_is_no_candidate_is_refused(
    ask_chat: Ask, chat: ChatServer, written: str
) -> None:
    chat.replies = [say(written)]

    reason = reason_in(ask_chat(closed()))

    assert written in reason


def test_log_probabilities_become_uncalibrated_shares(ask_chat: Ask, chat: ChatServer) -> None:
    tokens = (("Yes", 0.5), (" yes", 0.1), ("No", 0.15), ("The", 0.2), ("no", 0.05))
    scored = first_token(*((token, math.log(share)) for token, share in tokens))
    chat.replies = [say("Yes", logprobs=scored)]

    answer = answer_in(ask_chat(closed()))

    assert answer.probabilities == pytest.approx((0.75, 0.25))
    assert not answer.calibrated
    assert chat.questions[0].json["top_logprobs"] == 20


def test_fit_in_the_folder_calibrates_them(ask_chat: Ask, chat: ChatServer) -> None:
    scored = first_token(("Yes", math.log(0.8)), ("No", math.log(0.2)))
    chat.replies = [say("Yes", logprobs=scored)]

    answer = answer_in(ask_chat(closed(), calibration={"choice": {"temperature": 2.0}}))

    assert answer.calibrated
    assert answer.probabilities == pytest.approx((2 / 3, 1 / 3))


@pytest.mark.parametrize(
    ("candidates", "tokens"),
    [
        (("left", "lateral"), ("l", "r")),  # begins both
        (("no", "nodule"), ("no", "yes")),  # the same, as a whole word
        (YES_NO, ("no", "maybe")),  # one is not among the alternatives
        (YES_NO, ("\n", " ")),  # no word at all
        (YES_NO, ("Well", "yes", "no")),  # not the first token of the answer
    ],
)
def test_no_probability_where_the_first_token_does_not_tell(
    ask_chat: Ask, chat: ChatServer, candidates: tuple[str, str], tokens: tuple[str, ...]
) -> None:
    chat.replies = [say(candidates[1], logprobs=first_token(*((one, -1.0) for one in tokens)))]

    answer = answer_in(ask_chat(closed(candidates=candidates)))

    assert answer.text == candidates[1]
    assert answer.probabilities is None
    assert not answer.calibrated


def test_server_that_refuses_log_probabilities_is_asked_without(
    ask_chat: Ask, chat: ChatServer
) -> None:
    refused = status(400, {"error": {"message": "logprobs is not supported"}})
    chat.replies = [refused, say("no"), say("yes")]

    first, second = ask_chat(closed(), closed())

    assert isinstance(first, Answer) and first.text == "no"
    assert isinstance(second, Answer) and second.text == "yes"
    assert ["logprobs" in one.json for one in chat.questions] == [True, False, False]


# --- answers that are none ---


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (say("", finish="stop"), "empty"),
        (say("", finish="length"), "more_tokens"),
        (say("I can", finish="content_filter"), "content filter"),
        (raw(STREAM, chunk(tool_calls=[{"index": 0}]), chunk(finish="tool_calls")), "tool"),
        (raw(STREAM, chunk(refusal="I am no doctor"), chunk(finish="stop")), "I am no doctor"),
        (raw(STREAM, chunk("<think>hm "), chunk("hm", finish="length")), "more_tokens"),
    ],
)
def test_model_that_gives_no_answer_is_a_refusal(
    ask_chat: Ask, chat: ChatServer, reply: Reply, told: str
) -> None:
    chat.replies = [reply, say("It is normal.")]

    events = ask_chat(question(), question())

    (reason,) = (one.reason for one in events if isinstance(one, Refusal))
    assert told in reason
    assert is_one_sentence(reason)
    assert answer_in(events).text == "It is normal."  # the next question is not lost with it


def test_answer_that_reached_the_limit_is_cut_off(ask_chat: Ask, chat: ChatServer) -> None:
    chat.replies = [say("There is a", finish="length")]

    answer = answer_in(ask_chat(question()))

    assert answer.cut_off
    assert answer.text == "There is a"


def test_thoughts_are_not_shown(ask_chat: Ask, chat: ChatServer) -> None:
    chat.replies = [raw(STREAM, *map(chunk, ("<th", "ink>It is", " no.</thi", "nk>\n\nYes")), END)]

    events = ask_chat(question(), closed())

    assert [one.text for one in events if isinstance(one, Token)] == ["Yes"]
    assert answer_in(events).text == "yes"


def test_server_that_does_not_stream_is_understood(ask_chat: Ask, chat: ChatServer) -> None:
    message = {"role": "assistant", "content": "All is normal."}
    whole = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    chat.replies = [status(200, whole)]

    assert answer_in(ask_chat(question())).text == "All is normal."


def test_comments_blank_chunks_and_windows_lines_are_no_words(
    ask_chat: Ask, chat: ChatServer
) -> None:
    begin = b": ping\r\n\r\nevent: x\r\nid: 1\r\nretry: 5\r\n\r\n"
    piece = chunk("It is ").replace(b"\n", b"\r\n")
    thought = chunk(reasoning_content="hm", reasoning="hm")
    chat.replies = [raw(STREAM, begin, event({"choices": []}), thought, piece, chunk("so"), END)]

    assert answer_in(ask_chat(question())).text == "It is so"
