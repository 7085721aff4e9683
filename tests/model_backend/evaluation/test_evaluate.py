"""A whole evaluation: real answers of the demo model, as JSON, as a page, and as its card."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from model_backend.datasets.row import Row
from model_backend.datasets.writing import DatasetWriter
from model_backend.evaluation import check
from model_backend.evaluation.card_figures import card_from, figures_of, read_report
from model_backend.evaluation.card_text import card_text
from model_backend.evaluation.evaluate import JSON, PAGE, main
from model_backend.evaluation.labelled import LabelledProblem
from model_backend.evaluation.page import STYLE, page
from model_backend.evaluation.reading import read_labelled
from model_backend.folder import EMBEDDED, PRACTICE, ModelFolder
from tests.model_backend.evaluation.conftest import Asked, OwnSet


def own(one: Asked) -> str:
    return "yes" if one.yes >= 0.5 else "no"


def stored(own_set: OwnSet, folder: Path) -> Path:
    """A data set of ours: one training part with other answers, one test part with the model's."""
    with DatasetWriter(folder, name="own films", source="a test", licence="CC0") as writer:
        for place, one in enumerate(own_set.asked):
            picture = (own_set.folder / one.image).read_bytes()
            for part, answer in (("train", "no"), ("test", own(one))):
                row = Row(
                    f"{part}{place}",
                    "choice",
                    part,
                    f"{part}{one.patient}",
                    (picture,),
                    one.question,
                    answer=answer,
                    candidates=("yes", "no"),
                    attributes={"sex": "F" if place % 3 else "M", "age": str(place), "view": "PA"},
                )
                writer.write(row)
    return folder


def evaluated(demo: Path, labelled: Path, out: Path, *more: str) -> dict[str, Any]:
    assert main([str(demo), str(labelled), "--precision=fp32", "--out", str(out), *more]) == 0
    return read_report(out / JSON)


@pytest.fixture(scope="module")
def report(
    own_set: OwnSet, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Path]:
    """The evaluation of the embedded model on the stored set, and where it was written."""
    folder = tmp_path_factory.mktemp("evaluated")
    out = folder / "out"
    return evaluated(EMBEDDED, stored(own_set, folder / "films"), out), out


def test_a_stored_set_is_measured_on_its_test_part_beside_floors_of_its_training_part(
    report: tuple[dict[str, Any], Path], own_set: OwnSet
) -> None:
    content, _ = report

    (task,) = content["tasks"]
    scores = {one["name"]: one for one in task["scores"]}
    assert content["dataset"]["split"] == "test" and content["dataset"]["licence"] == "CC0"
    assert content["counts"]["cases"] == len(own_set.asked) == task["cases"]
    assert content["counts"]["training_cases"] == len(own_set.asked)
    assert scores["overall"]["value"] == scores["auc"]["value"] == 100
    floors = {one["name"]: one["value"] for one in scores["overall"]["floors"]}
    share_of_no = 100 * sum(own(one) == "no" for one in own_set.asked) / len(own_set.asked)
    constant = floors["always the commonest answer of the training part"]
    assert constant == pytest.approx(share_of_no, abs=0.01)  # what was learnt there, held to here
    assert "most similar training question" in floors


def test_calibration_and_groups_stand_in_the_report(report: tuple[dict[str, Any], Path]) -> None:
    (task,) = report[0]["tasks"]

    assert task["calibration"]["bins"] and task["calibration"]["error"]["value"] > 0
    groups = {(one["by"], one["value_of"]): one for one in task["subgroups"]}
    assert ("sex", "female") in groups and ("age", "18 to 39") in groups
    assert not any(by == "view" for by, _ in groups)  # one view only: nothing to compare
    assert sum(one["cases"] for (by, _), one in groups.items() if by == "sex") == task["cases"]


class Reader(HTMLParser):
    """What a browser would need to fetch, and whether every element is closed."""

    VOID = {"meta", "br", "line", "circle", "rect", "polygon"}

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [str(v) for k, v in attrs if k in ("src", "href", "xlink:href", "data")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        return

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_page_is_one_whole_file_without_anything_from_outside(
    report: tuple[dict[str, Any], Path],
) -> None:
    text = (report[1] / PAGE).read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)

    assert not reader.open and not reader.fetched
    assert "<script" not in text and "@import" not in text and "url(" not in text
    assert not re.search(r"https?://", text)
    assert "prefers-color-scheme: dark" in text and "@media print" in text
    assert text.count("<svg") == 3  # figures, calibration, groups
    assert "expected calibration error" in reader.words.lower()
    assert "always the commonest answer of the training part" in reader.words


def test_what_a_set_writes_cannot_become_part_of_the_page(
    report: tuple[dict[str, Any], Path],
) -> None:
    content = json.loads(json.dumps(report[0]))
    content["dataset"]["name"] = "<script>alert(1)</script>"
    content["tasks"][0]["examples"][0]["asked"] = "<img src=x onerror=alert(1)>"

    text = page(content)

    assert "<script" not in text and "<img" not in text and "&lt;script&gt;" in text


def test_the_card_is_made_from_the_json_alone(
    report: tuple[dict[str, Any], Path], demo: Path
) -> None:
    content = report[0]
    (demo / "card.json").unlink()

    card = card_from(ModelFolder.read(demo), [content])

    names = {one["name"]: one for one in card["figures"]}
    assert names["films/test/answer/auc"]["value"] == 1.0
    assert names["films/test/answer/auc"]["groups"] == content["tasks"][0]["groups"]
    assert "films/test/answer/calibration" in names
    text = card_text(card)
    assert "area under the curve" in text and "most similar training question" in text


def test_figures_of_another_set_stay_on_a_card_and_old_ones_of_the_same_set_go(
    report: tuple[dict[str, Any], Path], demo: Path
) -> None:
    before = json.loads((demo / "card.json").read_text(encoding="utf-8"))

    once = card_from(ModelFolder.read(demo), [report[0]])
    (demo / "card.json").write_text(json.dumps(once), encoding="utf-8")
    twice = card_from(ModelFolder.read(demo), [report[0]])

    assert len(once["figures"]) == len(before["figures"]) + len(figures_of(report[0]))
    assert twice["figures"] == once["figures"] and once["said"] == before["said"]


def test_a_report_of_other_weights_makes_no_card(
    report: tuple[dict[str, Any], Path], demo: Path
) -> None:
    content = json.loads(json.dumps(report[0]))
    content["model"]["sha256"] = "0" * 64

    with pytest.raises(LabelledProblem, match="other weights"):
        card_from(ModelFolder.read(demo), [content])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "wetread evaluation", "version": 9}'])
def test_a_file_that_is_no_report_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "report.json").write_text(text)

    with pytest.raises(LabelledProblem) as problem:
        read_report(tmp_path / "report.json")

    assert str(problem.value).startswith(str(tmp_path))


def test_findings_texts_of_labelled_films_have_facts(
    own_set: OwnSet, demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    films = tmp_path / "films"
    (films / "images").mkdir(parents=True)
    for number in range(3):
        (films / "images" / f"{number}.png").write_bytes(
            (own_set.folder / f"{number}.png").read_bytes()
        )
    (films / "labels.csv").write_text(
        "file,findings,patient,sex\n0.png,No Finding,a,F\n1.png,pneumonia,b,M\n"
        "2.png,pneumonia|Effusion,c,F\n"
    )

    content = evaluated(demo, films, tmp_path / "out", "--task=findings")

    (task,) = content["tasks"]
    facts = task["facts"]
    assert not task["scores"] and facts["cases"] == 3 and facts["counts"]["labelled"] == 4
    assert "of what is labelled, stated" in capsys.readouterr().out
    assert "<h3>Facts</h3>" in (tmp_path / "out" / PAGE).read_text(encoding="utf-8")


def test_a_card_is_written_where_that_is_asked_for(
    own_set: OwnSet, demo: Path, tmp_path: Path
) -> None:
    labelled = own_set.write("own.jsonl", own)

    evaluated(demo, labelled, tmp_path / "out", "--part=20", "--write")

    card = json.loads((demo / "card.json").read_text(encoding="utf-8"))
    assert any(one["name"].startswith("own.jsonl/answer/") for one in card["figures"])


def test_what_cannot_be_measured_leaves_no_report(
    own_set: OwnSet, demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    rows = [{"image": f"none{n}.png", "question": "is it?", "answer": "yes"} for n in range(3)]
    path = own_set.folder / "missing.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))

    assert main([str(demo), str(path), "--out", str(out)]) == 1

    assert "answered none of the 3 cases" in capsys.readouterr().err and not out.exists()


def test_one_class_only_has_no_area_under_the_curve_and_no_fault(
    own_set: OwnSet, demo: Path, tmp_path: Path
) -> None:
    labelled = own_set.write("single.jsonl", lambda one: "yes")

    content = evaluated(demo, labelled, tmp_path / "out", "--part=12")

    scores = {one["name"]: one["value"] for one in content["tasks"][0]["scores"]}
    assert "auc" not in scores and scores["overall"] is not None


def test_rows_of_a_stored_set_that_cannot_be_measured_are_named(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "set", name="odd", source="a test", licence="") as writer:
        writer.write(Row("1", "masked_text", "test", "a", text="x", answer="y"))
        writer.write(Row("2", "entailment", "test", "b", text="p", text2="h", answer="entailment"))
        writer.write(Row("3", "answer", "test", "c", text="what?", answer="a"))

    opened = read_labelled(tmp_path / "set", split="test")
    (case,) = list(opened)

    assert case.answer == "entailed" and (case.text, case.text2) == ("p", "h")
    assert [one.line for one in opened.left_out] == [1, 3]
    assert "none that can be measured" in opened.left_out[0].reason


def test_every_task_of_json_lines_is_measured_in_one_run(tmp_path: Path) -> None:
    Image.new("L", (40, 50), 90).save(tmp_path / "a.png")
    rows: list[dict[str, Any]] = [
        {"image": "a.png", "question": "what is it?", "answer": ["a", "b"]},
        {"image": "a.png", "label": "circle"},
        {"image": "a.png", "label": "square"},
        {"image": "a.png", "caption": "a thing", "labels": {"effusion": True}},
        {"image": "a.png", "text": "a thing", "answer": "yes"},
        {"image": "a.png", "text": "thing", "box": [1, 2, 20, 20]},
        {"image": "a.png", "box": [1, 2, 20, 20], "answer": "a thing"},
        {"premise": "a b", "hypothesis": "c", "label": "entailment"},
        {"text": "a long text here", "summary": "short"},
        {"task": "trial", "text": "patient", "text2": "trial", "label": "eligible"},
        {"task": "mortality", "text": "notes", "label": "no"},
        {"task": "treatment", "text": "patient", "candidates": ["a", "b"], "label": "a"},
        {"image": "a.png", "question": " ", "answer": "x"},
    ]
    path = tmp_path / "all.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))

    content = evaluated(PRACTICE, path, tmp_path / "out", "--no-meteor")

    assert [one["task"] for one in content["tasks"]] == [
        "answer",
        "classify",
        "findings",
        "matching",
        "grounding",
        "region",
        "entailment",
        "summary",
        "trial",
        "mortality",
        "treatment",
    ]
    assert content["counts"]["cases"] == 12 and content["counts"]["left_out"] == 1
    assert "line 13" in content["counts"]["reasons"][0]
    assert (tmp_path / "out" / PAGE).exists()


def test_pictures_of_a_stored_set_are_read_from_its_rows(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("L", (4, 6), 90).save(buffer, "PNG")
    with DatasetWriter(tmp_path / "set", name="one", source="a test", licence="") as writer:
        for part in ("train", "test"):
            writer.write(Row(part, "classify", part, part, (buffer.getvalue(),), answer=part))

    opened = read_labelled(tmp_path / "set", split="test")
    (case,) = list(opened)

    assert case.pixels().shape == (6, 4) and opened.classes == ("train",)


def test_the_check_of_a_stored_set_takes_its_test_part(
    own_set: OwnSet, demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    films = stored(own_set, tmp_path / "films")

    assert check.main([str(demo), str(films), "--json", "--no-write", "--precision=fp32"]) == 0

    entry = json.loads(capsys.readouterr().out)
    assert entry["cases"] == len(own_set.asked) and entry["split"] == "test"
    assert entry["scores"]["overall"]["value"] == 100


def light(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_words_and_marks_stand_out_on_dark_on_light_and_on_paper() -> None:
    palettes = re.findall(r":root \{([^}]*)\}", STYLE.read_text(encoding="utf-8"))

    assert len(palettes) == 3
    for palette in palettes:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", palette))
        for paper in ("paper", "shade"):
            for name in ("ink", "soft", "mark", "floor", "published", "good", "bad"):
                pair = sorted((light(colours[name]), light(colours[paper])))
                ratio = (pair[1] + 0.05) / (pair[0] + 0.05)
                assert ratio >= 4.5, f"{name} on {paper}: {ratio:.1f}"


def film_set(folder: Path) -> Path:
    """Four films with labels, as the converters write them."""
    with DatasetWriter(folder, name="films", source="a test", licence="") as writer:
        for place, name in enumerate(("normal", "bacterial pneumonia") * 2):
            buffer = io.BytesIO()
            Image.new("L", (20, 20), 40 * place).save(buffer, "PNG")
            labels = {"normal": name == "normal", "pneumonia": name != "normal"}
            if name != "normal":
                labels["bacterial"] = True
            row = Row(
                f"{place}",
                "classify",
                "test",
                f"{place}",
                (buffer.getvalue(),),
                answer=name,
                candidates=("normal", "bacterial pneumonia"),
                labels=labels,
            )
            writer.write(row)
    return folder


def test_stored_films_are_asked_their_findings_by_a_model_that_does_not_classify(
    tmp_path: Path, demo: Path
) -> None:
    model = ModelFolder.read(demo)
    films = film_set(tmp_path / "films")

    opened = read_labelled(films, split="test", tasks=model.tasks, findings=model.findings)
    asked = [(one.line, one.text, one.answer) for one in opened]

    assert [text for line, text, _ in asked if line == 1] == [
        "is this chest radiograph normal?",
        "is there pneumonia?",
    ]
    assert (2, "is the pneumonia bacterial?", "yes") in asked and len(asked) == 10
    assert opened.count() == 10


def test_stored_films_are_classes_to_a_model_that_classifies_and_texts_where_asked_for(
    tmp_path: Path, demo: Path
) -> None:
    films = film_set(tmp_path / "films")

    classes = list(read_labelled(films, tasks=("classify",)))
    texts = list(read_labelled(films, task="findings", tasks=ModelFolder.read(demo).tasks))

    assert [one.task for one in classes] == ["classify"] * 4 and classes[0].answer == "normal"
    assert [one.task for one in texts] == ["findings"] * 4
    assert texts[1].labels["bacterial"] and not texts[1].references
    with pytest.raises(LabelledProblem, match="no rows of the task summary"):
        read_labelled(films, task="summary")
