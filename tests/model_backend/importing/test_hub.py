"""Fetching from a hub: what is needed and no more, gone on with, and refused in one sentence."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from model_backend.importing.hub import Fetched, fetch, is_repository, read_token, repository
from model_backend.importing.problems import FetchProblem, ImportProblem
from model_backend.importing.progress import Silent
from model_backend.request import BadCheckpoint
from tests.hub_server import COMMIT, Hub, running

WEIGHTS = os.urandom(300_000)
FILES = {
    "README.md": b"# a model\n",
    "config.json": b'{"d_model": 32}',
    "vocab.json": b"{}",
    "merges.txt": b"#version: 0.2\n",
    "model.safetensors": WEIGHTS,
    "pytorch_model.bin": b"the same once more",
    "modeling_ofa.py": b"raise SystemExit",
    "flax_model.msgpack": b"another library's",
    "tf_model.h5": b"another library's",
    "training_args.bin": b"a trainer's",
    "onnx/model.safetensors": b"in another folder",
}
TOKEN = "hf_secretsecretsecret"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that HF_ENDPOINT names, with one repository."""
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    with running(Hub(dict(FILES))) as one:
        monkeypatch.setenv("HF_ENDPOINT", one.endpoint)
        yield one


@pytest.fixture
def bring(tmp_path: Path) -> Callable[..., Fetched]:
    def run(source: str = "owner/model", revision: str = "", **options: str) -> Fetched:
        return fetch(repository(source, revision), tmp_path / "models", bar=Silent, **options)

    return run


Bring = Callable[..., Fetched]


def names(fetched: Fetched) -> list[str]:
    return sorted(path.name for path in fetched.folder.iterdir())


def test_only_what_is_needed_is_fetched(hub: Hub, bring: Bring) -> None:
    fetched = bring()

    assert names(fetched) == ["config.json", "merges.txt", "model.safetensors", "vocab.json"]
    assert (fetched.folder / "model.safetensors").read_bytes() == WEIGHTS
    assert fetched.commit == COMMIT and fetched.licence == "apache-2.0"


def test_the_listing_and_the_files_are_of_one_commit(hub: Hub, bring: Bring) -> None:
    bring("owner/model@v1.0")

    assert hub.asked[0].path == "/api/models/owner/model/revision/v1.0"
    resolved = [one.path for one in hub.asked if "/resolve/" in one.path]
    assert resolved and all(f"/resolve/{COMMIT}/" in path for path in resolved)


def test_shards_are_fetched_by_their_index(hub: Hub, bring: Bring) -> None:
    shards = [f"pytorch_model-0000{n}-of-00002.bin" for n in (1, 2)]
    index = {"weight_map": {"one": shards[0], "two": shards[1]}}
    hub.files = {
        "pytorch_model.bin.index.json": json.dumps(index).encode(),
        shards[0]: b"one",
        shards[1]: b"two",
        "pytorch_model-00003-of-00003.bin": b"left over",
    }

    assert names(bring()) == [*shards, "pytorch_model.bin.index.json"]


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:\\x.bin", "absent.bin", 3])
def test_an_index_leads_nowhere_else(hub: Hub, bring: Bring, name: object) -> None:
    index = {"weight_map": {"one": name}}
    hub.files = {"pytorch_model.bin.index.json": json.dumps(index).encode()}

    with pytest.raises(BadCheckpoint):
        bring()

    assert not [one for one in hub.asked if "passwd" in one.path]


def test_a_connection_that_breaks_is_gone_on_with(hub: Hub, bring: Bring) -> None:
    hub.cuts = [100_000, 50_000]

    fetched = bring()

    assert (fetched.folder / "model.safetensors").read_bytes() == WEIGHTS
    ranges = [one.range for one in hub.bodies("model.safetensors")]
    assert ranges == [None, "bytes=100000-", "bytes=150000-"]


def test_the_next_try_goes_on_from_where_the_last_one_ended(
    hub: Hub, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    hub.cuts = [100_000] + [0] * 50
    with pytest.raises(FetchProblem, match="goes on from there"):
        bring()
    hub.cuts, before = [], len(hub.bodies("model.safetensors"))

    fetched = bring()

    assert (fetched.folder / "model.safetensors").read_bytes() == WEIGHTS
    (last,) = hub.bodies("model.safetensors")[before:]
    assert last.range == "bytes=100000-"
    assert not [one for one in names(fetched) if one.endswith(".part")]


def test_a_server_that_begins_anew_is_right_too(hub: Hub, bring: Bring) -> None:
    hub.cuts, hub.ignores_range = [100_000], True

    assert (bring().folder / "model.safetensors").read_bytes() == WEIGHTS


def test_what_is_there_is_not_fetched_again(hub: Hub, bring: Bring) -> None:
    bring()
    hub.asked.clear()

    bring()

    assert [one.path for one in hub.asked] == ["/api/models/owner/model/revision/main"]


def test_a_file_that_is_not_the_listed_one_is_refused(
    hub: Hub, bring: Bring, tmp_path: Path
) -> None:
    hub.sha256["model.safetensors"] = "0" * 64

    with pytest.raises(FetchProblem, match="damaged"):
        bring()

    assert list(tmp_path.rglob("config.json")) and not list(tmp_path.rglob("model.safetensors*"))


def test_a_body_without_end_is_not_taken(hub: Hub, bring: Bring, tmp_path: Path) -> None:
    hub.surplus = {"model.safetensors": 50_000_000}

    assert "damaged" in refusal(bring)

    assert not list(tmp_path.rglob("model.safetensors*"))
    assert len(hub.bodies("model.safetensors")) == 1


def test_a_disk_that_fills_up_is_one_sentence(hub: Hub, bring: Bring, small_files: None) -> None:
    assert "disk is full" in refusal(bring)


def test_the_token_is_sent_to_the_hub_alone_and_told_to_nobody(
    hub: Hub, bring: Bring, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="model_backend")
    hub.token = TOKEN

    bring(token=TOKEN)

    sent = {one.server: one.authorization for one in hub.asked}
    assert sent == {"hub": f"Bearer {TOKEN}", "store": None}
    said = capfd.readouterr()
    assert TOKEN not in said.out + said.err + caplog.text


def test_no_token_is_sent_that_was_not_given(
    hub: Hub, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)  # read by read_token, not behind its back

    bring()

    assert {one.authorization for one in hub.asked} == {None}
    assert not [one for one in hub.asked if "torch" in one.agent]


def test_a_token_comes_from_its_file_or_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    monkeypatch.setenv("HF_TOKEN", "hf_other")

    assert read_token(path) == TOKEN
    assert read_token(None) == "hf_other"
    monkeypatch.delenv("HF_TOKEN")
    assert read_token(None) is None


@pytest.mark.parametrize("body", [b"", b"two words", b"\xff\xfe"])
def test_a_file_without_a_token_is_one_sentence(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(body)

    with pytest.raises(ImportProblem, match="token"):
        read_token(path)


def refusal(bring: Bring, *words: str, **options: str) -> str:
    with pytest.raises(ImportProblem) as caught:
        bring(*words, **options)
    sentence = str(caught.value)
    assert "\n" not in sentence and "signature" not in sentence and TOKEN not in sentence
    return sentence


def test_what_the_hub_does_not_show_is_one_sentence(hub: Hub, bring: Bring) -> None:
    assert "owner/absent" in refusal(bring, "owner/absent")
    assert "absent" in refusal(bring, "owner/model", "absent")
    hub.token = "hf_other"
    assert "--token-file" in refusal(bring, token=TOKEN)
    hub.token, hub.gated = "", True
    assert "on request" in refusal(bring)
    hub.gated, hub.failures = False, [403]
    assert "403" in refusal(bring)
    hub.failures = [500]
    assert "500" in refusal(bring)


def test_a_listed_file_that_is_gone_is_one_sentence(hub: Hub, bring: Bring) -> None:
    hub.gone = {"model.safetensors"}

    assert "no longer" in refusal(bring)


@pytest.mark.parametrize("listing", [b"<html>", b"[]", b'"text"', b"{}", b'{"sha": 3}'])
def test_what_is_no_listing_is_one_sentence(hub: Hub, bring: Bring, listing: bytes) -> None:
    hub.listing = listing

    assert refusal(bring)


def test_a_hub_that_is_not_there_is_one_sentence(
    bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")

    assert "cannot be reached" in refusal(bring)


def test_a_hub_that_hangs_up_is_one_sentence(hub: Hub, bring: Bring) -> None:
    hub.is_deaf = True

    assert "cannot be reached" in refusal(bring)


def test_a_repository_without_weights_is_one_sentence(hub: Hub, bring: Bring) -> None:
    hub.files = {"README.md": b"soon"}

    assert "no weights" in refusal(bring)


def test_a_hub_elsewhere_is_spoken_to_with_tls_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example")

    with pytest.raises(ImportProblem, match="https"):
        repository("owner/model")


def test_a_repository_is_told_from_a_path() -> None:
    assert is_repository("owner/model") and is_repository("Pan-A.I/bio_med@refs/pr/1")
    for source in ("model", "a/b/c", "../model", "/etc/passwd", "owner/", "owner/model@", "a b/c"):
        assert not is_repository(source)


def test_files_that_cannot_be_used_are_not_kept_and_others_are(hub: Hub, bring: Bring) -> None:
    fetched = bring()
    with pytest.raises(ImportProblem), fetched.until_done():
        raise ImportProblem("Say --task.")
    assert fetched.folder.exists()

    with pytest.raises(BadCheckpoint), fetched.until_done():
        raise BadCheckpoint("nothing")

    assert not fetched.folder.exists()
