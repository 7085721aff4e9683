"""A model behind a chat server: right answers, honest shares, one sentence for all else."""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_backend.chat.wording import TASKS as CHAT_TASKS
from model_backend.chat.wording import WORDINGS
from model_backend.client import ModelClient
from model_backend.folder import ModelFolder
from model_backend.models import load
from model_backend.request import (
    ANSWER,
    CHOICE,
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
    Event,
    ImageInput,
    ModelError,
    Place,
    Refusal,
    Request,
    Token,
)
from model_backend.tasks import TASKS
from tests.chat_server import (
    MODEL,
    STREAM,
    ChatServer,
    Received,
    Reply,
    chat_model,
    chunk,
    endless,
    event,
    first_token,
    hang,
    raw,
    say,
    status,
)

PATIENCE = 20.0  # seconds; far above what anything here takes
FILM = np.arange(1200, dtype=np.uint16).reshape(30, 40).astype(np.uint8)
SECRET = "issuer|ROENTGEN^WILHELM|1.2.840.113619.2.5|film.dcm"
IMAGE = ImageInput(FILM, identity=SECRET)
YES_NO = ("yes", "no")

Ask = Callable[..., list[Event]]


@pytest.fixture
def ask(tmp_path: Path, chat: ChatServer) -> Ask:
    """Asks the server, in this process."""

    def run(*requests: Request, **config: Any) -> list[Event]:
        model = load(chat_model(tmp_path / "vlm", chat.url, **config), "cpu")
        return list(model.answer(requests, lambda: False))

    return run


@pytest.fixture
def client(tmp_path: Path, chat: ChatServer) -> Iterator[ModelClient]:
    """The same through the model process."""
    with ModelClient(chat_model(tmp_path / "vlm", chat.url)) as one:
        yield one


def question(text: str = "what is shown?", **fields: Any) -> Request:
    return Request(ANSWER, (IMAGE,), text, **fields)


def closed(text: str = "is it normal?", candidates: Sequence[str] = YES_NO) -> Request:
    return Request(CHOICE, (IMAGE,), text, tuple(candidates))


def answer_in(events: Sequence[Event]) -> Answer:
    assert isinstance(events[-1], Answer), events[-1]
    return events[-1]


def reason_in(events: Sequence[Event]) -> str:
    assert isinstance(events[-1], Refusal), events[-1]
    return events[-1].reason


def is_one_sentence(text: str) -> bool:
    return "\n" not in text and text[:1].isupper() and text.endswith(".") and len(text) < 600


# --- what is asked and answered ---


def test_words_come_as_they_are_written_and_join_to_the_answer(
    client: ModelClient, chat: ChatServer
) -> None:
    chat.replies = [say(" The heart is enlarged. \n")]

    events = list(client.ask([question()]))

    pieces = [one.text for one in events if isinstance(one, Token)]
    answer = answer_in(events)
    assert pieces == ["The", " heart", " is", " enlarged."]
    assert answer.text == "".join(pieces)
    assert (answer.probabilities, answer.cut_off, answer.score) == (None, False, None)
    assert answer.model.name == "vlm"
    assert answer.model.version == MODEL
    assert answer.model.address == f"http://127.0.0.1:{chat.port}"
    assert client.identity == answer.model


def test_request_is_reproducible_and_limited(ask: Ask, chat: ChatServer) -> None:
    ask(question(decoding=Decoding(max_tokens=33), seed=7))

    (sent,) = chat.questions
    body = sent.json
    assert body["model"] == MODEL
    assert (body["temperature"], body["seed"], body["max_tokens"]) == (0, 7, 33)
    assert body["stream"] is True
    assert "logprobs" not in body
    assert "authorization" not in sent.headers


def test_nothing_but_pixels_and_question_reaches_the_server(ask: Ask, chat: ChatServer) -> None:
    request = replace(question("is there a fracture?"), id="request-1234")

    ask(request, closed("normal?"))

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


def test_picture_that_is_sent_has_the_pixels_and_no_other_word(ask: Ask, chat: ChatServer) -> None:
    ask(question())

    png = chat.questions[-1].png
    assert np.array_equal(chat.questions[-1].picture, FILM)
    assert png_chunks(png) == {b"IHDR", b"IDAT", b"IEND"}


def test_colour_stays_and_a_large_picture_is_made_smaller(ask: Ask, chat: ChatServer) -> None:
    wide = np.zeros((50, 400, 3), np.uint8)
    wide[..., 0] = 200

    ask(Request(ANSWER, (ImageInput(wide),), "what?"), longest_side=100)

    picture = chat.questions[-1].picture
    assert picture.shape == (12, 100, 3)
    assert picture[6, 50].tolist() == [200, 0, 0]


def test_region_is_sent_as_the_pixels_that_the_box_touches(ask: Ask, chat: ChatServer) -> None:
    ask(Request(REGION, (IMAGE,), box=Place(3.5, 4.0, 10.2, 9.0)))

    assert np.array_equal(chat.questions[-1].picture, FILM[4:9, 3:11])
    assert chat.questions[0].words == WORDINGS[REGION]


@pytest.mark.parametrize("box", [None, Place(50, 50, 60, 60), Place(math.nan, 0, 5, 5)])
def test_region_without_a_pixel_is_refused_before_anything_is_sent(
    ask: Ask, chat: ChatServer, box: Place | None
) -> None:
    with pytest.raises(BadRequest):
        ask(Request(REGION, (IMAGE,), box=box))

    assert not chat.received


def png_chunks(png: bytes) -> set[bytes]:
    """The names of a PNG's chunks."""
    names, place = set(), 8
    while place < len(png):
        names.add(png[place + 4 : place + 8])
        place += 12 + int.from_bytes(png[place : place + 4], "big")
    return names


@pytest.mark.parametrize("task", CHAT_TASKS)
def test_every_task_is_a_question_in_words(ask: Ask, chat: ChatServer, task: str) -> None:
    table = TASKS[task]
    given = ("effusion", "fracture") if table.has_candidates else ()
    candidates = given or table.candidates
    chat.replies = [say(candidates[1].upper() + "." if candidates else "Two {words}")]
    request = Request(
        task, (IMAGE,), "text {one}", given, text2="text {two}", box=Place(0, 0, 5, 5)
    )

    answer = answer_in(ask(request))

    words = chat.questions[0].words
    assert answer.text == (candidates[1] if candidates else "Two {words}")
    assert ("text {one}" in words) == bool(table.texts)
    assert ("text {two}" in words) == (len(table.texts) == 2)
    assert all(f"\n{one}" in words for one in candidates)
    assert ("image_url" in chat.questions[0].body.decode()) == table.has_image


@pytest.mark.parametrize("task", [GROUNDING, DETECTION, INFILL_IMAGE, INFILL_TEXT, "poetry"])
def test_task_that_it_lacks_is_refused_without_a_word_sent(
    ask: Ask, chat: ChatServer, task: str
) -> None:
    reason = reason_in(ask(Request(task, (IMAGE,), "text")))

    assert task in reason
    assert not chat.received


def test_own_wording_of_the_folder_comes_first(ask: Ask, chat: ChatServer) -> None:
    ask(question("where?"), prompts={ANSWER: "Antworte kurz: {text}"})

    assert chat.questions[0].words == "Antworte kurz: where?"


def test_site_can_add_fields_and_name_the_limit(ask: Ask, chat: ChatServer) -> None:
    ask(
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
    ask: Ask, chat: ChatServer, request_: Request
) -> None:
    with pytest.raises(BadRequest) as caught:
        ask(question(), request_)

    assert is_one_sentence(str(caught.value)) or str(caught.value).count(". ") == 1
    assert not chat.received


# --- closed answers and their probabilities ---


@pytest.mark.parametrize("written", ["yes", "Yes", " YES. ", '"yes"', "**Yes**\n"])
def test_candidate_is_known_but_for_case_and_marks(
    ask: Ask, chat: ChatServer, written: str
) -> None:
    chat.replies = [say(written)]

    events = ask(closed())

    answer = answer_in(events)
    assert len(events) == 1
    assert answer.text == "yes"
    assert answer.probabilities is None
    assert not answer.calibrated


@pytest.mark.parametrize("written", ["yes, probably", "no.yes", "maybe", "nothing"])
def test_answer_that_is_no_candidate_is_refused(ask: Ask, chat: ChatServer, written: str) -> None:
    chat.replies = [say(written)]

    reason = reason_in(ask(closed()))

    assert written in reason


def test_log_probabilities_become_uncalibrated_shares(ask: Ask, chat: ChatServer) -> None:
    tokens = (("Yes", 0.5), (" yes", 0.1), ("No", 0.15), ("The", 0.2), ("no", 0.05))
    scored = first_token(*((token, math.log(share)) for token, share in tokens))
    chat.replies = [say("Yes", logprobs=scored)]

    answer = answer_in(ask(closed()))

    assert answer.probabilities == pytest.approx((0.75, 0.25))
    assert not answer.calibrated
    assert chat.questions[0].json["top_logprobs"] == 20


def test_fit_in_the_folder_calibrates_them(ask: Ask, chat: ChatServer) -> None:
    scored = first_token(("Yes", math.log(0.8)), ("No", math.log(0.2)))
    chat.replies = [say("Yes", logprobs=scored)]

    answer = answer_in(ask(closed(), calibration={"choice": {"temperature": 2.0}}))

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
    ask: Ask, chat: ChatServer, candidates: tuple[str, str], tokens: tuple[str, ...]
) -> None:
    chat.replies = [say(candidates[1], logprobs=first_token(*((one, -1.0) for one in tokens)))]

    answer = answer_in(ask(closed(candidates=candidates)))

    assert answer.text == candidates[1]
    assert answer.probabilities is None
    assert not answer.calibrated


def test_server_that_refuses_log_probabilities_is_asked_without(ask: Ask, chat: ChatServer) -> None:
    refused = status(400, {"error": {"message": "logprobs is not supported"}})
    chat.replies = [refused, say("no"), say("yes")]

    first, second = ask(closed(), closed())

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
    ask: Ask, chat: ChatServer, reply: Reply, told: str
) -> None:
    chat.replies = [reply, say("It is normal.")]

    events = ask(question(), question())

    (reason,) = (one.reason for one in events if isinstance(one, Refusal))
    assert told in reason
    assert is_one_sentence(reason)
    assert answer_in(events).text == "It is normal."  # the next question is not lost with it


def test_answer_that_reached_the_limit_is_cut_off(ask: Ask, chat: ChatServer) -> None:
    chat.replies = [say("There is a", finish="length")]

    answer = answer_in(ask(question()))

    assert answer.cut_off
    assert answer.text == "There is a"


def test_thoughts_are_not_shown(ask: Ask, chat: ChatServer) -> None:
    chat.replies = [raw(STREAM, *map(chunk, ("<th", "ink>It is", " no.</thi", "nk>\n\nYes")), END)]

    events = ask(question(), closed())

    assert [one.text for one in events if isinstance(one, Token)] == ["Yes"]
    assert answer_in(events).text == "yes"


def test_server_that_does_not_stream_is_understood(ask: Ask, chat: ChatServer) -> None:
    message = {"role": "assistant", "content": "All is normal."}
    whole = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    chat.replies = [status(200, whole)]

    assert answer_in(ask(question())).text == "All is normal."


def test_comments_blank_chunks_and_windows_lines_are_no_words(ask: Ask, chat: ChatServer) -> None:
    begin = b": ping\r\n\r\nevent: x\r\nid: 1\r\nretry: 5\r\n\r\n"
    piece = chunk("It is ").replace(b"\n", b"\r\n")
    thought = chunk(reasoning_content="hm", reasoning="hm")
    chat.replies = [raw(STREAM, begin, event({"choices": []}), thought, piece, chunk("so"), END)]

    assert answer_in(ask(question())).text == "It is so"


# --- servers that fail ---

END = chunk(finish="stop")
FAILURES: dict[str, tuple[Reply, str]] = {
    "bad request": (status(400, {"error": {"message": "context is 4096 tokens"}}), "4096 tokens"),
    "flat error": (status(400, {"object": "error", "message": "no such field"}), "no such field"),
    "key": (status(401, {"error": "Unauthorized"}), "Unauthorized"),
    "not allowed": (status(403, {"detail": "not you"}), "not you"),
    "no such model": (status(404, {"error": {"message": "model not found"}}), "model not found"),
    "large": (status(413), "smaller box"),
    "busy": (status(429, {"error": {"message": "slow down"}}, Retry_After="7"), "in 7 s"),
    "failed": (status(500, {"error": {"message": "CUDA error"}}), "CUDA error"),
    "loading": (status(503, {"error": {"message": "Loading model"}}), "Loading model"),
    "gateway": (raw(b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>nginx</html>"), "nginx"),
    "moved": (status(307, Location="http://192.0.2.7/v1"), "http://192.0.2.7/v1"),
    "teapot": (status(418, ["?"]), "418"),
    "no http": (raw(b"220 mail.example ESMTP\r\n"), "web server"),
    "nothing": (raw(), "broke off"),
    "endless head": (raw(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 100_000), "broke off"),
    "many heads": (raw(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 200, b"\r\n"), "broke off"),
    "no json": (raw(STREAM, b"data: {not json\n\n"), "no answer"),
    "deep json": (raw(STREAM, b"data: " + b"[" * 200_000 + b"\n\n"), "no answer"),
    "list": (raw(STREAM, b"data: []\n\n"), "no answer"),
    "odd choices": (raw(STREAM, event({"choices": [7]})), "no answer"),
    "odd text": (raw(STREAM, event({"choices": [{"delta": {"content": 7}}]})), "no answer"),
    "odd delta": (raw(STREAM, event({"choices": [{"delta": "text"}]})), "no answer"),
    "bytes": (raw(STREAM, bytes(range(128, 256)) * 50), "no answer"),
    "prose": (raw(STREAM, b"<html>Log in</html>\n\n"), "no answer"),
    "page": (raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"), "cannot be read"),
    "midway": (raw(STREAM, chunk("The heart")), "in the middle"),
    "done early": (raw(STREAM, chunk("The heart"), event("[DONE]")), "in the middle"),
    "abort": (raw(STREAM, chunk("The heart"), chunk(finish="abort")), "abort"),
    "error midway": (
        raw(STREAM, chunk("The"), event({"error": {"message": "out of memory"}}), event("[DONE]")),
        "out of memory",
    ),
    "old llama.cpp": (raw(STREAM, b'error: {"message": "slot died"}\n\n'), "slot died"),
    "short chunk": (
        raw(STREAM.replace(b"Connection", b"Transfer-Encoding: chunked\r\nConnection"), b"zz\r\n"),
        "broke off",
    ),
    "short body": (
        raw(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"cho'),
        "cannot be read",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failing_server_is_one_clear_sentence(ask: Ask, chat: ChatServer, name: str) -> None:
    reply, told = FAILURES[name]
    chat.replies = [reply]

    with pytest.raises(ModelError) as caught:
        ask(question())

    sentence = str(caught.value)
    assert told in sentence
    assert "\n" not in sentence and sentence.endswith(".") and len(sentence) < 500
    assert len(chat.questions) == 1


@pytest.mark.parametrize(
    "pieces", [(chunk("word "),), (b"data: ", b"x" * 65536), (b": ping\n\n" * 9000,)]
)
def test_text_without_end_is_cut_off(ask: Ask, chat: ChatServer, pieces: tuple[bytes, ...]) -> None:
    chat.replies = [endless(chat, STREAM, *pieces)]

    with pytest.raises(ModelError, match="cut off"):
        ask(question())

    assert chat.was_left.wait(PATIENCE)


@pytest.mark.parametrize("pieces", [(), (STREAM,), (STREAM, chunk("The heart"))])
def test_silent_server_is_given_up(ask: Ask, chat: ChatServer, pieces: tuple[bytes, ...]) -> None:
    chat.replies = [hang(chat, *pieces)]

    with pytest.raises(ModelError, match="said nothing more within 0.2 s"):
        ask(question(), timeout=0.2)

    assert chat.was_left.wait(PATIENCE)


def test_model_that_the_server_lacks_is_told_with_those_it_has(ask: Ask, chat: ChatServer) -> None:
    chat.models = ("llava:7b", "gemma3:4b")

    with pytest.raises(ModelError, match="llava:7b, gemma3:4b"):
        ask(question())

    assert not chat.questions  # llama.cpp would have answered with what it has


@pytest.mark.parametrize("listing", [status(200, []), status(200, {"data": 3}), status(404, {})])
def test_server_without_a_list_of_models_is_told(
    ask: Ask, chat: ChatServer, listing: Reply
) -> None:
    chat.listing = listing

    with pytest.raises(ModelError) as caught:
        ask(question())

    assert chat.url in str(caught.value)


def test_server_that_is_not_there_is_told(tmp_path: Path, chat: ChatServer) -> None:
    model = load(chat_model(tmp_path / "vlm", "http://127.0.0.1:1"), "cpu")

    with pytest.raises(ModelError, match="cannot be reached"):
        list(model.answer([question()], lambda: False))


# --- the model process ---


def test_process_survives_a_server_that_dies_and_comes_back(
    client: ModelClient, chat: ChatServer
) -> None:
    chat.replies = [raw(STREAM, chunk("The heart")), say("It is normal.")]
    with pytest.raises(ModelError):
        list(client.ask([question()]))
    pid = client.pid

    events = list(client.ask([question()]))

    assert answer_in(events).text == "It is normal."
    assert client.pid == pid


@pytest.mark.parametrize("pieces", [(), (STREAM,), (STREAM, chunk("The heart"))])
def test_cancel_hangs_up_and_leaves_the_model_ready(
    client: ModelClient, chat: ChatServer, pieces: tuple[bytes, ...]
) -> None:
    chat.replies = [hang(chat, *pieces), say("It is normal.")]
    asked, reply = threading.Event(), chat.replies[0]

    def notice(sock: socket.socket, request: Received) -> None:
        asked.set()
        reply(sock, request)

    chat.replies[0] = notice

    stopped = list(client.ask([question()], asked.is_set))

    assert not any(isinstance(one, Answer) for one in stopped)
    assert chat.was_left.wait(PATIENCE)
    assert answer_in(list(client.ask([question()]))).text == "It is normal."


def test_nothing_of_torch_or_qt_is_loaded_to_ask_a_server(root: Path) -> None:
    names = "model_backend.worker, model_backend.models.chat"
    script = f"import sys, {names}; print({{'torch', 'PyQt6', 'pydicom'}} & set(sys.modules))"

    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )

    assert ran.stdout.strip() == "set()"


def test_process_connects_to_the_one_address_and_reads_no_proxy(
    tmp_path: Path, chat: ChatServer, root: Path
) -> None:
    folder = chat_model(tmp_path / "vlm", chat.url)
    script = """
import json, sys
from pathlib import Path
places = []
sys.addaudithook(lambda name, args: places.append(args[1]) if name == "socket.connect" else None)
from model_backend.folder import ModelFolder
from model_backend.models import load
from model_backend.request import ENTAILMENT, Request
model = load(ModelFolder.read(Path(sys.argv[1])), "cpu")
events = list(model.answer([Request(ENTAILMENT, text="a", text2="b")], lambda: False))
print(json.dumps([places, len(events)]))
"""
    proxies = {name: "http://127.0.0.1:9" for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY")}

    ran = subprocess.run(
        [sys.executable, "-c", script, str(folder.path)],
        cwd=root,
        env={**os.environ, **proxies},
        capture_output=True,
        text=True,
        check=True,
    )

    places, events = json.loads(ran.stdout)
    assert places == [["127.0.0.1", chat.port]] * 2  # its models, then the question
    assert events == 1


def test_model_of_another_folder_stays_another(tmp_path: Path, chat: ChatServer) -> None:
    folder: ModelFolder = chat_model(tmp_path / "vlm", chat.url)

    assert folder.identity().address == f"http://127.0.0.1:{chat.port}"
    assert replace(folder, backend="echo").identity().address == ""
