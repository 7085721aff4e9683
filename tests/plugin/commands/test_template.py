"""`template` names, shows, imports and exports forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicom_io.pacs.samples import chest_film
from dicom_io.report.template.mrrt_reading import read_template
from tests.commands import Wetread


def test_list_names_all_and_those_that_fit_an_image(wetread: Wetread) -> None:
    everything = wetread("template", "list", "--json")
    fitting = wetread("template", "list", "--for", chest_film(), "--json")

    assert everything.code == fitting.code == 0
    assert len(everything.objects) >= 7
    assert len(fitting.objects) < len(everything.objects)


def test_show_prints_fields_and_questions(wetread: Wetread) -> None:
    ran = wetread("template", "show", "wetread-chest-film-adult")

    assert "asks: is there a pneumothorax?" in ran.out
    assert "no: There is no pneumothorax.  [no]" in ran.out


def test_a_template_comes_in_and_goes_out(wetread: Wetread, tmp_path: Path) -> None:
    source = tmp_path / "own.html"
    source.write_text(
        '<title>Knee</title><meta name="dcterms.identifier" content="knee"><input id=a>',
        encoding="utf-8",
    )

    assert wetread("template", "import", source).code == 0
    assert wetread("template", "export", "knee", "--to", tmp_path / "out.html").code == 0

    assert read_template(tmp_path / "out.html").title == "Knee"
    assert "knee  Knee" in wetread("template", "list").out


def test_a_broken_template_is_one_sentence(wetread: Wetread, tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text("<select>", encoding="utf-8")

    ran = wetread("template", "import", broken)

    assert ran.code == 1
    assert ran.err.strip().count("\n") == 0 and "broken HTML" in ran.err
    assert wetread("template", "show", "nothing").code == 1
    assert wetread("template", "export", "wetread-ct-head").code == 2
    assert wetread("template", "show").code == 2


@pytest.mark.usefixtures("echo_home")
def test_a_draft_asks_the_questions_of_a_template(wetread: Wetread) -> None:
    ran = wetread("draft", chest_film(), "--template", "best", "--json")
    missing = wetread("draft", chest_film(), "--template", "nothing")

    assert ran.code == 0
    assert len(ran.objects[0]["sentences"]) >= 8
    assert missing.code == 1 and "no template nothing" in missing.err
