"""`task`: every task by name, listed with who has it; places in stored columns and rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dicom_io.audit import AuditLog
from dicom_io.identity import Identity
from dicom_io.pacs.samples import chest_film
from dicom_io.report.document import Region
from model_backend.folder import write_model
from model_backend.tasks import TASKS
from plugin._commands.question import candidate_lines, said
from plugin._reply import Found, Reply
from tests.commands import Wetread
from tests.plugin.commands.conftest import ECHO

KNOWN = ("answer", "choice", "findings", "summary")
FILM = Identity("7", "", "1.2", "1.2.3", "1.2.3.4", 1)


@pytest.fixture
def home(own_home: Path) -> Path:
    """A data root with one model, that repeats what it is asked."""
    for name, tasks in (("echo", KNOWN), ("sums", ("summary",))):
        path = own_home / "models" / name
        path.mkdir(parents=True)
        write_model(replace(ECHO, path=path, name=name, tasks=tasks))
    (own_home / "settings.toml").write_text("[model]\nname = 'echo'\nsummaries = 'sums'\n")
    return own_home


def test_the_list_names_every_task_and_who_has_it(wetread: Wetread, home: Path) -> None:
    rows = {row["task"]: row for row in wetread("task", "list", "--json").objects}
    shown = wetread("task", "list").out.splitlines()

    assert list(rows) == list(TASKS)
    assert rows["summary"]["models"][:2] == ["echo", "sums"]
    assert rows["summary"]["role"] == "summaries"
    assert rows["entailment"]["reads"] == ["premise", "hypothesis"]
    assert len(shown) == len(TASKS) + 1
    assert len({line.index(" ", line.index(" image")) for line in shown if " image" in line})


def test_a_text_task_needs_no_film_and_asks_the_model_of_its_role(
    wetread: Wetread, home: Path
) -> None:
    ran = wetread("task", "summary", "--text", "The lungs are clear.", "--json")

    (answer,) = ran.objects
    assert answer["answer"] == "The lungs are clear."
    assert isinstance(answer["model"], dict) and answer["model"]["name"] == "sums"
    audited = [one for one in AuditLog(home / "audit").entries() if one.event.startswith("ACC")]
    assert [dict(one.details)["task"] for one in audited] == ["summary"]


def test_texts_come_from_a_file_or_from_the_input(
    wetread: Wetread, home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "findings.txt"
    file.write_text("From a file.", encoding="utf-8")

    read = wetread("task", "summary", "--text-file", file)
    typed = wetread("task", "summary", "--text-file", "-", stdin="From the input.")

    assert read.out.splitlines()[0] == "From a file."
    assert typed.out.splitlines()[0] == "From the input."


def test_without_calibration_the_candidates_stand_in_order_without_numbers(
    wetread: Wetread, home: Path
) -> None:
    words = ("task", "choice", chest_film(), "--text", "which?", "--candidates", "left, right")

    ran = wetread(*words)
    (answer,) = wetread(*words, "--json").objects

    assert ran.out.splitlines()[:3] == ["left", "  1. left", "  2. right"]
    assert "not calibrated" in ran.out and "0.5" not in ran.out
    assert (answer["probabilities"], answer["order"]) == (None, ["left", "right"])


def test_candidates_come_from_a_file_one_a_line(
    wetread: Wetread, home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "classes.txt"
    file.write_text("\nplatelet\nimmature (myelocytes, and others)\n\n", encoding="utf-8")
    words = ("task", "choice", chest_film(), "--text", "which?", "--json", "--candidates-file")

    (read,) = wetread(*words, file).objects
    (typed,) = wetread(*words, "-", stdin="left\nright\n").objects

    assert read["order"] == ["platelet", "immature (myelocytes, and others)"]
    assert typed["order"] == ["left", "right"]


def test_a_search_along_the_tree_gives_the_probabilities_of_scoring(wetread: Wetread) -> None:
    asked = ("task", "choice", chest_film(), "--text", "is there pneumonia?", "--json")
    words = (*asked, "--candidates", "yes,no")

    (scored,) = wetread(*words).objects
    (searched,) = wetread(*words, "--by-trie", "--beam", "2").objects

    assert scored["calibrated"] is searched["calibrated"] is True
    assert searched["probabilities"] == pytest.approx(scored["probabilities"], abs=1e-4)


def test_another_model_can_be_named(wetread: Wetread, home: Path) -> None:
    (answer,) = wetread("task", "summary", "--text", "a", "--model", "echo", "--json").objects

    assert isinstance(answer["model"], dict) and answer["model"]["name"] == "echo"


def test_a_task_that_the_model_lacks_is_refused_in_one_sentence(
    wetread: Wetread, home: Path
) -> None:
    ran = wetread("task", "entailment", "--text", "a", "--text2", "b")

    assert ran.code == 0
    assert ran.out == (
        "refused: The model sums has no task “Text against text”. Choose another model for "
        "summaries in the settings.\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        ["diagnose"],
        [""],
        ["summary"],
        ["summary", "--text", "  "],
        ["summary", "--text", "a", "--text2", "b"],
        ["summary", "--text", "a", "--text-file", "b"],
        ["summary", "--text-file", "no-such-file"],
        ["summary", "--text-file", "."],
        ["summary", chest_film(), "--text", "a"],
        ["summary", "--text", "a", "--candidates", "b"],
        ["summary", "--text", "a", "--box", "1,2,3,4"],
        ["summary", "--text", "a", "--model", "no-such-model"],
        ["findings"],
        ["findings", "no-such-film.dcm"],
        ["region", chest_film()],
        ["region", chest_film(), "--box", "5,5,5,9"],
        ["classify", chest_film()],
        ["classify", chest_film(), "--candidates", ""],
        ["classify", chest_film(), "--candidates-file", "/dev/null"],
        ["classify", chest_film(), "--candidates", "a", "--candidates-file", "/dev/null"],
        ["answer", chest_film(), "--text", "a", "--beam", "0"],
        ["answer", chest_film(), "--text", "a", "--beam", "many"],
        ["answer", chest_film(), "--text", "a", "--max-tokens", "-3"],
    ],
)
def test_what_cannot_be_asked_is_one_sentence(
    wetread: Wetread, home: Path, words: list[object]
) -> None:
    ran = wetread("task", *words)

    assert ran.code in (1, 2)
    said_by_it = [line for line in ran.err.splitlines() if not line.startswith("Asking")]
    assert len(said_by_it) == 1 and said_by_it[0].startswith("wetread: ")
    assert ran.out == ""


def test_places_and_codes_are_printed_as_lines() -> None:
    places = (
        Found(Region(FILM, 10, 20.4, 30, 40), "the heart"),
        Found(Region(FILM, 0, 0, 1, 1), ""),
    )

    text = said(Reply("", None, places=places, codes=(7, 8, 9)))

    assert text.splitlines() == [
        "the heart: columns 10 to 30, rows 20 to 40",
        "there: columns 0 to 1, rows 0 to 1",
        "3 codes: 7 8 9",
    ]


def test_a_long_list_of_candidates_is_cut_for_a_person() -> None:
    scores = tuple((f"answer {place}", 1.0 / (place + 1)) for place in range(1000))

    lines = list(candidate_lines(Reply("", None, scores=scores)))

    assert (lines[0], lines[-1]) == ("\n  1. answer 0", "\n  and 980 answers more")
    assert len(lines) == 21
