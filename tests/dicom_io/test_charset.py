"""A name in another character set than declared is told, and no right name is suspected."""

from __future__ import annotations

import doctest

import pytest

from dicom_io import charset
from dicom_io.charset import meant


def test_the_examples_hold() -> None:
    assert doctest.testmod(charset).failed == 0


@pytest.mark.parametrize("name", ["张^三", "王^小东", "欧阳^娜娜", "Li^Si=李^四"])
def test_gbk_declared_as_latin_1_is_told_with_what_it_would_read(name: str) -> None:
    found = meant(name.encode("gb18030").decode("latin-1"))

    assert found is not None
    assert (found.charset, found.text) == ("GB18030", name)


@pytest.mark.parametrize("name", ["Müller^Jörg", "Люкceмбypг^Анна", "山田^太郎"])
def test_utf_8_declared_as_latin_1_is_told(name: str) -> None:
    found = meant(name.encode("utf-8").decode("latin-1"))

    assert found is not None
    assert (found.charset, found.text) == ("ISO_IR 192", name)


@pytest.mark.parametrize(
    "name",
    ["Doe^Jane", "Müller^Bärbel", "Buc^Jérôme", "Þórðardóttir^Ásta", "Ångström^Åsa", "Sjöö^Eva",
     "Muñoz^Íñigo", "Zoë^Aïda", "Æbelø^Øystein", "O'Neill^Séán", "Güß^Übel"],
)  # fmt: skip
def test_western_names_are_believed(name: str) -> None:
    assert meant(name) is None


@pytest.mark.parametrize("name", ["Люкceмбypг", "Διονυσιος", "قباني^لنزار", "洪^吉洞=홍^길동", ""])
def test_what_was_not_read_as_latin_1_is_believed(name: str) -> None:
    assert meant(name) is None
