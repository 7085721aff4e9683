"""The macros at hand: those that come along, those in the data root, and the reader's own."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from dicom_io.errors import BadMacro
from dicom_io.report.macros.macro import Macro, as_toml, macros_of, problem_of, read_macros
from dicom_io.storage import storage_problem, write_safely

OWN = "own.toml"  # what was added or changed in the window


class MacroShelf:
    """A folder of TOML files; `own.toml` stands before the others, and all before ours."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def macros(self) -> tuple[tuple[Macro, ...], tuple[str, ...]]:
        """All that can be read, by code, and a sentence for each file that cannot."""
        found = {(one.code, one.language): one for one in builtin()}
        problems = []
        for path in self._files():
            try:
                found |= {(one.code, one.language): one for one in read_macros(path)}
            except BadMacro as problem:
                problems.append(str(problem))
        return tuple(sorted(found.values(), key=lambda one: one.code)), tuple(problems)

    def own(self) -> tuple[Macro, ...]:
        """The reader's own. Raises BadMacro."""
        path = self.folder / OWN
        return read_macros(path) if path.exists() else ()

    def save(self, macro: Macro) -> None:
        """Add a macro of the reader's own, or change that of its code and language.

        Raises BadMacro for one that cannot be used, and for an own file that is damaged:
        it is left as it is. Raises StorageProblem.
        """
        problem = problem_of(macro.code, macro.text)
        if problem:
            raise BadMacro(problem)
        self._write([*self._others(macro), macro])

    def remove(self, macro: Macro) -> None:
        """Take a macro of the reader's own away. Raises what `save` raises."""
        self._write(self._others(macro))

    def _others(self, macro: Macro) -> list[Macro]:
        names = macro.code, macro.language
        return [one for one in self.own() if (one.code, one.language) != names]

    def _write(self, macros: Iterable[Macro]) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise storage_problem(error, self.folder) from error
        write_safely(self.folder / OWN, as_toml(list(macros)).encode("utf-8"))

    def _files(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        found = sorted(one for one in self.folder.iterdir() if one.suffix == ".toml")
        return sorted(found, key=lambda one: one.name == OWN)


def builtin() -> tuple[Macro, ...]:
    """The macros that come along."""
    place = files(__package__) / "builtin"
    names = sorted(one.name for one in place.iterdir() if one.name.endswith(".toml"))
    return tuple(m for name in names for m in macros_of((place / name).read_bytes(), Path(name)))
