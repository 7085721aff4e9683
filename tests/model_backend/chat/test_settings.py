"""The address and the settings of a chat model: what is right, and what each wrong entry says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from model_backend.chat.settings import OLLAMA, Address, ChatSettings, address_of
from model_backend.request import BadCheckpoint

URL = "http://127.0.0.1:8000/v1"


def read(folder: Path, **config: Any) -> ChatSettings:
    return ChatSettings.read({"url": URL, "model": "vlm", **config}, folder)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://127.0.0.1:8000", URL),
        ("http://127.0.0.1:8000/v1/", URL),
        (" http://127.0.0.1:8000/v1/chat/completions ", URL),
        ("HTTPS://GPU.Hospital", "https://gpu.hospital:443/v1"),
        ("http://[::1]:11434", "http://[::1]:11434/v1"),
        ("https://gpu.hospital/models/vlm/v1", "https://gpu.hospital:443/models/vlm/v1"),
        ("http://localhost", "http://localhost:80/v1"),
    ],
)
def test_address_is_taken_as_people_write_it(given: str, url: str) -> None:
    assert Address.parse(given).url == url


@pytest.mark.parametrize(
    "given",
    [
        "",
        "gpu.hospital:8000",
        "ftp://gpu.hospital",
        "http://",
        "http://:8000",
        "http://gpu:99999",
        "http://gpu:x",
        "http://[::1",
        "http://gpu/v1?key=1",
        "http://gpu/v1#x",
        "http://gpu/v 1",
        "http://gpu/v1\r\nX: y",
        "http://gpü.hospital",
        "file:///etc/passwd",
    ],
)
def test_anything_else_is_no_address(given: str) -> None:
    with pytest.raises(BadCheckpoint) as caught:
        Address.parse(given)

    assert caught.value.key == "url"


def test_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(BadCheckpoint) as caught:
        Address.parse("https://reader:geheim@gpu.hospital/v1")

    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "model", "address", "abroad"),
    [
        (URL, "vlm", "http://127.0.0.1:8000", False),
        ("http://127.9.9.9", "vlm", "http://127.9.9.9:80", False),
        ("http://[::1]:1", "vlm", "http://[::1]:1", False),
        ("http://localhost:11434", "llava:7b", "http://localhost:11434", False),
        ("https://10.1.2.3", "vlm", "https://10.1.2.3:443", True),
        ("https://localhost.hospital", "vlm", "https://localhost.hospital:443", True),
        ("https://127.0.0.1.hospital", "vlm", "https://127.0.0.1.hospital:443", True),
        ("http://localhost:11434", "glm-5.2:cloud", OLLAMA, True),
        ("http://localhost:11434", "gpt-oss:120b-cloud", OLLAMA, True),
    ],
)
def test_address_tells_where_the_pixels_go(
    tmp_path: Path, url: str, model: str, address: str, abroad: bool
) -> None:
    assert address_of({"url": url, "model": model}) == address
    assert read(tmp_path, url=url, model=model).goes_abroad is abroad


@pytest.mark.parametrize("config", [{}, {"url": ""}, {"model": "vlm"}])
def test_model_without_a_server_has_no_address(config: dict[str, str]) -> None:
    assert address_of(config) == ""


def test_damaged_address_counts_as_one(tmp_path: Path) -> None:
    assert address_of({"url": "gpu.hospital", "model": 7}) == "gpu.hospital"


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("url", 7),
        ("url", ""),
        ("model", ""),
        ("model", None),
        ("timeout", 0),
        ("timeout", "10"),
        ("timeout", float("nan")),
        ("longest_side", -1),
        ("longest_side", 1.5),
        ("logprobs", 1),
        ("more_tokens", True),
        ("limit", "max_words"),
        ("extra", []),
        ("extra", {"messages": []}),
        ("extra", {"stream": False}),
        ("ca_file", 3),
        ("key", "secret"),
        ("proxy", "http://10.0.0.1"),
    ],
)
def test_wrong_entry_is_named(tmp_path: Path, entry: str, value: object) -> None:
    with pytest.raises(BadCheckpoint) as caught:
        read(tmp_path, **{entry: value})

    assert caught.value.key in (f"config.{entry}", entry)
    assert "secret" not in str(caught.value)


def test_key_comes_from_a_file_or_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("sk-of-the-file\n")
    monkeypatch.setenv("SITE_KEY", "sk-of-the-site")

    assert read(tmp_path, key_file="key").key == "sk-of-the-file"
    assert read(tmp_path, key_file=str(tmp_path / "key")).key == "sk-of-the-file"
    assert read(tmp_path, key_env="SITE_KEY").key == "sk-of-the-site"
    assert "sk-" not in repr(read(tmp_path, key_file="key"))


@pytest.mark.parametrize("content", [b"", b" \n", b"two\nlines", b"\xff\xfe", b"k" * 5000])
def test_file_without_a_key_is_told_without_its_content(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)

    with pytest.raises(BadCheckpoint) as caught:
        read(tmp_path, key_file="key")

    assert caught.value.key == "key_file"
    assert "two" not in str(caught.value)


@pytest.mark.parametrize(
    "entries", [{"key_file": "none"}, {"key_env": "NO_SUCH"}, {"key_file": "a", "key_env": "B"}]
)
def test_key_that_is_missing_or_given_twice_is_told(
    tmp_path: Path, entries: dict[str, str]
) -> None:
    with pytest.raises(BadCheckpoint):
        read(tmp_path, **entries)
