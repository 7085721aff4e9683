"""An acceptance run: real answers of the demo model, held to labels, kept in `model.json`."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from model_backend.evaluation.card_text import acceptance_text
from model_backend.evaluation.check import NOT_WHAT_IT_SAYS, main
from model_backend.folder import OWN, ModelFolder, write_model
from tests.model_backend.evaluation.conftest import Asked, OwnSet


def own(one: Asked) -> str:
    return "yes" if one.yes >= 0.5 else "no"


def swapped(one: Asked) -> str:
    return "no" if one.yes >= 0.5 else "yes"


def description(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((path / "model.json").read_text(encoding="utf-8"))
    return content


def test_a_run_is_printed_and_kept_and_nothing_else_changes(
    own_set: OwnSet, demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled = own_set.write("own.jsonl", own)
    before = description(demo)

    code = main([str(demo), str(labelled), "--precision", "fp32"])

    printed = capsys.readouterr()
    after = description(demo)
    (entry,) = after.pop("acceptance")
    before.pop("acceptance", None)
    assert code == 0 and before == after
    assert entry["scores"]["overall"]["value"] == 100 and entry["cases"] == len(own_set.asked)
    assert entry["groups"] == entry["cases"] and entry["passed"] is None
    assert entry["sha256"] == hashlib.sha256(labelled.read_bytes()).hexdigest()
    assert entry["weights"] == before["sha256"] and entry["device"] == "cpu"
    assert "100.0 %" in printed.out and "no published figure" in printed.out
    assert f"Kept in {demo / 'model.json'}" in printed.out
    assert f"{len(own_set.asked)} of {len(own_set.asked)} cases" in printed.err
    (kept,) = ModelFolder.read(demo).acceptance
    assert "100.0 %" in "\n".join(acceptance_text([kept]))


def test_a_set_with_swapped_labels_fails_the_check(
    own_set: OwnSet, demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled = own_set.write("swapped.jsonl", swapped)

    code = main([str(demo), str(labelled), "--json"])

    entry = json.loads(capsys.readouterr().out)
    assert code == NOT_WHAT_IT_SAYS and entry["passed"] is False and entry["written"]
    assert "worse than a constant" in entry["verdict"]
    assert entry["scores"]["overall"]["value"] == 0


def test_a_file_that_claims_to_be_the_authors_is_held_to_their_figure(
    own_set: OwnSet, demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {one: n for n, one in enumerate(own_set.asked)}
    labelled = own_set.write(
        "vqa_rad.jsonl", lambda one: own(one) if places[one] % 3 == 0 else swapped(one)
    )
    content = description(demo)
    content |= {"name": "biomedgpt-base-vqarad", "size": "base"}
    (demo / "model.json").write_text(json.dumps(content))

    code = main([str(demo), str(labelled), "--no-write"])

    printed = capsys.readouterr().out
    words = " ".join(printed.split())
    assert code == NOT_WHAT_IT_SAYS and description(demo) == content
    assert re.search(r"3[34] % \(right answers, all\) where the authors report 73 %", words)
    assert "this file is not what its name says" in words
    assert "imported without one" in words
    assert "73.2 % (fine-tuned)" in printed and "Not kept" in printed


@pytest.mark.parametrize("folder", OWN, ids=["demo", "practice"])
def test_a_model_of_the_program_is_only_written_when_that_is_asked_for(
    folder: Path, own_set: OwnSet, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled = own_set.write("own.jsonl", own)
    before = (folder / "model.json").read_bytes()

    assert main([str(folder), str(labelled), "--part", "3"]) == 0

    assert (folder / "model.json").read_bytes() == before
    assert "Fewer than 30 cases" in capsys.readouterr().out


def test_a_second_run_stands_beside_the_first(
    own_set: OwnSet, demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled = own_set.write("own.jsonl", own)
    main([str(demo), str(labelled), "--part", "5"])
    capsys.readouterr()

    main([str(demo), str(labelled), "--part", "5"])

    first = description(demo)["acceptance"][0]
    assert f"measured {first['date'][:10]}" in capsys.readouterr().out
    assert len(description(demo)["acceptance"]) == 2


def test_what_cannot_be_asked_is_left_out_and_named(
    own_set: OwnSet, demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = own_set.asked[0]
    rows = [
        good.row("yes"),
        {**good.row("yes"), "image": "nowhere.png"},
        {**good.row("yes"), "candidates": ["yes", "yes"]},
        {"premise": "a", "hypothesis": "b", "label": "neutral"},
        {"image": good.image, "question": " "},
        good.row("no"),
    ]
    path = own_set.folder / "mixed.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    code = main([str(demo), str(path), "--json"])

    (entry,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0 and entry["cases"] == 2 and entry["left_out"] == 4
    main([str(demo), str(path)])
    words = " ".join(capsys.readouterr().out.split())
    for line in ("line 2: its image", "line 3: ", "line 4: ", "line 5: "):
        assert line in words


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{}\n", b'{"text": "a", "summary": "b"}\n'])
def test_a_set_that_cannot_be_used_is_one_sentence_and_nothing_is_kept(
    tmp_path: Path, demo: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    (tmp_path / "bad.jsonl").write_bytes(content)

    code = main([str(demo), str(tmp_path / "bad.jsonl")])

    printed = capsys.readouterr()
    sentences = [line for line in printed.err.splitlines() if not line.endswith(" cases")]
    assert code == 1 and printed.out == "" and len(sentences) == 1
    assert description(demo).get("acceptance", []) == []


def test_a_model_of_words_alone_is_measured_without_torch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "echo"
    path.mkdir()
    write_model(ModelFolder(path, "echo", "1.0.0", "echo", ("summary",)))
    rows = [{"text": f"the heart is number {n}", "summary": "the heart"} for n in range(3)]
    (tmp_path / "set.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    code = main([str(path), str(tmp_path / "set.jsonl"), "--json"])

    (entry,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0 and entry["task"] == "summary"
    assert entry["scores"].keys() == {"rouge_1", "rouge_2", "rouge_l"}


@pytest.mark.parametrize("name", ["check", "fit"])
def test_torch_comes_only_with_a_model_so_that_its_threads_can_be_set(
    root: Path, name: str
) -> None:
    code = f"import sys, model_backend.evaluation.{name}; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_a_damaged_model_is_one_sentence(
    own_set: OwnSet, demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(demo / "model.json", demo / "weights.safetensors")

    assert main([str(demo), str(own_set.write("own.jsonl", own))]) == 1
    assert "SHA-256 differs" in capsys.readouterr().err


def test_every_measured_task_of_a_real_network_has_its_figures(
    tiny_folder: ModelFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tiny"
    shutil.copytree(tiny_folder.path, path)
    words = "answer choice findings classify matching region grounding trial"
    tasks = tuple(words.split())
    answers = ("yes", "no", "left lung")
    write_model(replace(tiny_folder, path=path, tasks=tasks, answers=answers))
    Image.new("L", (40, 30), 90).save(tmp_path / "one.png")
    image = {"image": "one.png"}
    rows: list[dict[str, object]] = [
        {**image, "question": "Where is it?", "answer": "left lung"},
        {**image, "question": "Is it there?", "answer": "no", "candidates": ["no", "yes"]},
        {**image, "caption": "The heart is normal."},
        {**image, "label": "no"},
        {**image, "text": "a chest film", "answer": "yes"},
        {**image, "answer": "a rib", "box": [3, 4, 20, 21]},
        {**image, "text": "the heart", "box": [3, 4, 20, 21]},
        {
            "task": "trial",
            "patient": "he has fever",
            "trial": "fever",
            "label": "yes",
            "candidates": ["yes", "no"],
        },
    ]
    (tmp_path / "set.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    code = main([str(path), str(tmp_path / "set.jsonl"), "--json"])

    entries = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    measured = {one["task"]: one for one in entries}
    assert code == 0 and measured.keys() == set(tasks) - {"choice"}
    assert all(one["left_out"] == 0 and one["scores"] for one in entries)
    assert measured["answer"]["cases"] == 2
    assert ModelFolder.read(path).acceptance[-1]["task"] == entries[-1]["task"]


def test_a_table_of_the_authors_is_answered_from_the_models_own_list(
    tiny_folder: ModelFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tiny"
    shutil.copytree(tiny_folder.path, path)
    write_model(replace(tiny_folder, path=path, answers=("left lung", "right lung")))
    file = BytesIO()
    Image.new("RGB", (20, 30)).save(file, "PNG")
    picture = base64.urlsafe_b64encode(file.getvalue()).decode()
    right = [f"{n}\ti\tWhere is {n}?\t1|!+left lung&&1|!+right lung\t\t{picture}" for n in range(3)]
    (tmp_path / "vqa_rad_test.tsv").write_text("\n".join(right))

    code = main([str(path), str(tmp_path / "vqa_rad_test.tsv"), "--json"])

    entry = json.loads(capsys.readouterr().out)
    assert code == 0 and entry["scores"]["overall"]["value"] == 100
    assert entry["dataset"] == "vqa_rad" and entry["cases"] == 3 and entry["published"] == []
