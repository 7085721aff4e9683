"""Macros are read, expanded and written back; what is wrong with one is told in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicom_io.errors import BadMacro
from dicom_io.report.macros.expanding import chosen, expanded, is_as_given, places
from dicom_io.report.macros.macro import Macro, as_toml, macros_of
from dicom_io.report.macros.shelf import OWN, MacroShelf, builtin
from tests.reports import film

HERE = Path("mine.toml")


def test_those_that_come_along_can_all_be_expanded_in_their_language() -> None:
    for macro in builtin():
        assert macro.code.startswith(".")
        assert expanded(macro, builtin(), film(), macro.language)
    assert {one.code for one in builtin() if one.language == "de"} == {
        one.code for one in builtin() if one.language == "en"
    }


def test_a_value_of_the_image_is_merged_and_one_it_lacks_becomes_a_place() -> None:
    macro = Macro("tec", "{Modality} of {ContrastBolusAgent} and {NoKeyword}.")

    words = expanded(macro, (macro,), film(Modality="DX"))

    assert words == "DX of [ContrastBolusAgent] and [NoKeyword]."
    assert places(words) == ["[ContrastBolusAgent]", "[NoKeyword]"]


def test_a_macro_may_hold_others_in_the_language_of_the_report() -> None:
    both = (Macro("in", "clear", "en"), Macro("in", "frei", "de"), Macro("out", "L: {macro:in}."))

    assert expanded(both[2], both, None, "de") == "L: frei."
    assert chosen("in", both, "fr") is None


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"aa": "{macro:aa}"}, r"holds itself \(aa, aa\)"),
        ({"aa": "x {macro:bb}", "bb": "{macro:cc}", "cc": "{macro:aa}"}, "aa, bb, cc, aa"),
        ({"aa": "{macro:zz}"}, "names zz, which is not there"),
        (
            {"aa": "{macro:bb}" * 30, "bb": "{macro:cc}" * 30, "cc": "{macro:dd}" * 30, "dd": "x"},
            "grows beyond 10000",
        ),
    ],
)
def test_loops_and_growth_are_told_in_one_sentence(texts: dict[str, str], told: str) -> None:
    macros = tuple(Macro(code, text) for code, text in texts.items())
    with pytest.raises(BadMacro, match=told):
        expanded(macros[0], macros, None)


@pytest.mark.parametrize(
    "content",
    [
        b"[[macro",
        b"\xff\xfe",
        b"macro = 3",
        b"macro = [1]",
        b'[[macro]]\ncode = "a"\ntext = "one letter"',
        b'[[macro]]\ncode = "a b"\ntext = "a space"',
        b'[[macro]]\ncode = "ab"\ntext = 3',
        b'[[macro]]\ncode = "ab"\ntext = " "',
        b'[[macro]]\ncode = "ab"\ntext = "x"\n[[macro]]\ncode = "ab"\ntext = "y"',
        b"x = " + b"[" * 5000,
        b'[[macro]]\ncode = "ab"\ntext = "' + b"x" * 10_001 + b'"',
        b" " * (1 << 20) + b" ",
    ],
)
def test_a_bad_file_gives_one_sentence(content: bytes) -> None:
    with pytest.raises(BadMacro) as told:
        macros_of(content, HERE)
    assert "mine.toml" in str(told.value) and str(told.value).endswith(".")


def test_a_bad_file_leaves_the_others_usable(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(b"[[")
    (tmp_path / "good.toml").write_text(as_toml([Macro("xy", "Fine.")]), encoding="utf-8")

    macros, problems = MacroShelf(tmp_path).macros()

    assert chosen("xy", macros, "en") is not None and len(problems) == 1


def test_an_own_macro_stands_before_those_of_files_and_can_be_taken_away(tmp_path: Path) -> None:
    shelf = MacroShelf(tmp_path / "macros")
    odd = 'Quote ", backslash \\, 結節, \x7f.'
    shelf.save(Macro(".nad", "Mine.", "en"))
    shelf.save(Macro("odd", odd))

    macros, _ = shelf.macros()
    assert [m.text for m in macros if (m.code, m.language) == (".nad", "en")] == ["Mine."]
    assert [m.text for m in shelf.own() if m.code == "odd"] == [odd]
    shelf.remove(Macro(".nad", "", "en"))
    macros, _ = shelf.macros()
    assert [m.text for m in macros if (m.code, m.language) == (".nad", "en")] != ["Mine."]


def test_a_damaged_own_file_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / OWN).write_bytes(b"[[")
    with pytest.raises(BadMacro):
        MacroShelf(tmp_path).save(Macro("ab", "New."))
    assert (tmp_path / OWN).read_bytes() == b"[["


@pytest.mark.parametrize(
    ("words", "is_it"),
    [
        ("Nodule of 7.5 mm, smooth.", True),
        ("Nodule of [size] mm, [margin].", True),
        ("Large nodule of 7 mm, smooth.", False),
        ("Nodule of 7 mm, smooth. It has grown.", False),
        ("Nodule of 7 mm. No cyst of 3 mm, smooth.", False),
    ],
)
def test_only_places_may_differ_from_what_a_macro_gave(words: str, is_it: bool) -> None:
    assert is_as_given(words, ["Nodule of [size] mm, [margin]."]) is is_it
