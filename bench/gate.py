"""How many films the gate lets through and how many other pictures it refuses, without headers.

    python bench/gate.py [--data DIR] [--photographs DIR ...] [--fit]

Fitted are NIH films and child films (four of five patients) and three of five VQA-RAD images, with
the photographs of scikit-learn and half of those in the folders given. Counted are the other
patients and images, and sets of which nothing was fitted: Hannover's films, the test files of
pydicom, a head MR, a CT in many transfer syntaxes, a dog's chest. `--fit` fits and writes anew.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.data.data_manager import get_testdata_files
from sklearn.datasets import load_sample_images

from dicom_io.errors import DicomProblem
from dicom_io.image.frame import open_frames
from dicom_io.image.render import render, windows_of
from model_backend.gate.examples import Picture
from model_backend.gate.fit import Pictures, fit_gate
from model_backend.gate.gate import Gate, chest_gate, write_gate

CHILDREN = 1600  # films of children that are fitted: of one hospital, and alike
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--photographs", type=Path, nargs="*", default=[])
    parser.add_argument("--fit", action="store_true")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    nih = list(zipped(chosen.data / "cxr_nih_64"))
    children = list(zipped(chosen.data / "cxr_pneumonia_224"))
    rad = list(vqa_rad(chosen.data / "vqa_rad"))
    photographs = list(load_sample_images().images)
    loaded = [one for folder in chosen.photographs for one in pictures_in(folder)]
    if chosen.fit:
        write_gate(fitted(nih, children, rad, [*photographs, *loaded[::2]]))
        chest_gate.cache_clear()
    report(chest_gate(), counted(chosen.data, nih, children, rad, loaded[1::2]))
    return 0


def fitted(
    nih: Sequence[tuple[str, Picture]],
    children: Sequence[tuple[str, Picture]],
    rad: Sequence[tuple[str, str, Picture]],
    photographs: Sequence[Picture],
) -> Gate:
    """The gate of the parts that are for fitting; one patient in ten of them sets the limits."""
    films = [(who, film, 3) for who, film in nih if fifth(who) > 0]
    films += [(who, film, 1) for who, film in children if fifth(who) > 0][:CHILDREN]
    films += [(who, film, 8) for who, organ, film in rad if organ == "CHEST" and fifth(who) > 1]
    known = [one for one in films if fifth(one[0] + "limits", 8) > 0]
    left_out = [film for who, film, _ in films if fifth(who + "limits", 8) == 0]
    others = [film for who, organ, film in rad if organ != "CHEST" and fifth(who) > 1]
    return fit_gate(
        Pictures(
            [film for _, film, _ in known],
            left_out,
            [*others, *(one for one in photographs for _ in range(4))],
            repeats=[times for *_, times in known],
        )
    )


def counted(
    data: Path,
    nih: Sequence[tuple[str, Picture]],
    children: Sequence[tuple[str, Picture]],
    rad: Sequence[tuple[str, str, Picture]],
    photographs: Sequence[Picture],
) -> Iterator[tuple[str, bool, list[Picture]]]:
    """Each set that nothing was fitted on: its name, whether it should pass, its pictures."""
    hannover = [
        one for path in sorted((data / "cxr_hannover").glob("*.dcm")) for one in opened(path)
    ]
    adults = [film for who, film in nih if fifth(who) == 0]
    rad_films = [film for who, organ, film in rad if organ == "CHEST" and fifth(who) <= 1]
    young = [film for who, film in children if fifth(who) == 0]
    misc = data / "dicom_misc"
    single = [
        one
        for path in (misc / "chest_dx_nih.dcm", Path(str(get_testdata_file("RG1_UNCR.dcm"))))
        for one in opened(path)
    ]
    yield "adults: Hannover, 16 patients, no film fitted", True, hannover
    yield "adults: NIH, other patients", True, adults
    yield "adults: VQA-RAD, other images", True, rad_films
    yield "adults: two single files, none fitted", True, single
    yield "children: other patients", True, young
    for name, films in (("adults", [*hannover, *adults, *rad_films]), ("children", young)):
        yield f"{name}, inverted", False, [255 - film for film in films]
        yield f"{name}, turned by 90 degrees", False, [np.rot90(film) for film in films]
        yield f"{name}, turned by 180 degrees", False, [np.rot90(film, 2) for film in films]
        yield f"{name}, turned by 270 degrees", False, [np.rot90(film, 3) for film in films]
        yield f"{name}, flipped up-down", False, [film[::-1] for film in films]
    yield (
        "abdomen and head, VQA-RAD, other images",
        False,
        [film for who, organ, film in rad if organ != "CHEST" and fifth(who) <= 1],
    )
    yield "head MR, none fitted", False, folder_of(data / "dicom_mr_series")
    yield "CT and test pattern, none fitted", False, folder_of(data / "dicom_transfer_syntaxes")
    yield (
        "CT, MR, retina, none fitted",
        False,
        [
            one
            for path in sorted([*misc.glob("*.dcm"), *misc.glob("ct_3_slices/0*.dcm")])
            if not path.name.startswith(("chest_dx", "dx_dog"))
            for one in opened(path)
        ],
    )
    yield (
        "lower leg (RG3), none fitted",
        False,
        opened(Path(str(get_testdata_file("RG3_UNCR.dcm")))),
    )
    yield (
        "pydicom's test files, none fitted",
        False,
        [
            one
            for path in sorted(get_testdata_files("*.dcm"))
            if not Path(path).name.startswith(("RG1", "RG3"))
            for one in opened(Path(path))
        ],
    )
    yield "a dog's chest, none fitted", False, opened(misc / "dx_dog_thorax_monochrome1.dcm")
    if photographs:
        yield "photographs in grey, others", False, [grey(one) for one in photographs]
    draw = np.random.default_rng(7)
    yield (
        "noise, grains of 1 to 64 pixels",
        False,
        [
            np.kron(draw.integers(0, 256, (256 // grain,) * 2), np.ones((grain, grain))).astype(
                np.uint8
            )
            for grain in (1, 2, 4, 8, 16, 32, 64)
            for _ in range(10)
        ],
    )
    yield "even grey", False, [np.full((256, 256), level, np.uint8) for level in range(0, 256, 15)]


def report(gate: Gate, sets: Iterator[tuple[str, bool, list[Picture]]]) -> None:
    """A line a set, and the two sums."""
    sums = {True: [0, 0], False: [0, 0]}
    print(f"{'':52}{'pictures':>9} {'refused':>9}")
    for name, passes, pictures in sets:
        judged = [gate.judge(np.asarray(one, np.uint8)) for one in pictures]
        refused = sum(not one.is_chest_film for one in judged)
        sums[passes][0] += len(judged)
        sums[passes][1] += refused
        share = refused / len(judged) if judged else float("nan")
        print(f"{name:52}{len(judged):9} {share:9.1%}")
    for passes, title in ((True, "all chest films"), (False, "all others")):
        count, refused = sums[passes]
        print(f"{title:52}{count:9} {refused / count:9.1%}")


def fifth(name: str, parts: int = 5) -> int:
    """Which of so many parts a patient or image belongs to, for ever."""
    return zlib.crc32(name.encode()) % parts


def zipped(folder: Path) -> Iterator[tuple[str, Picture]]:
    """Patient and film."""
    with (
        zipfile.ZipFile(folder / "images.zip") as files,
        (folder / "labels.csv").open(encoding="utf-8", newline="") as table,
    ):
        names = set(files.namelist())
        for row in csv.DictReader(table):
            name = row["file"] if row["file"] in names else f"images/{row['file']}"
            with Image.open(io.BytesIO(files.read(name))) as picture:
                yield row["patient"], np.asarray(picture.convert("L"))


def vqa_rad(folder: Path) -> Iterator[tuple[str, str, Picture]]:
    """File name, organ and picture."""
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    organs = {one["image_name"]: one["image_organ"] for one in map(json.loads, lines)}
    for name, organ in sorted(organs.items()):
        with Image.open(folder / "images" / name) as picture:
            yield name, organ, np.asarray(picture.convert("L"))


def folder_of(folder: Path) -> list[Picture]:
    return [one for path in sorted(folder.glob("*.dcm")) for one in opened(path)]


def opened(path: Path) -> list[Picture]:
    """The first frame as the model would receive it; nothing of a file that is no picture."""
    try:
        frame = open_frames(path)[0]
        stored = frame.stored()
        return [render(frame, stored, windows_of(frame, stored)[0])]
    except (DicomProblem, IndexError):
        return []


def pictures_in(folder: Path) -> Iterator[Picture]:
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in ENDINGS:
            with Image.open(path) as picture:
                yield np.asarray(picture.convert("RGB"))


def grey(picture: Picture) -> Picture:
    """Without its colours, which alone would give it away."""
    return np.asarray(Image.fromarray(picture).convert("L"))


if __name__ == "__main__":
    sys.exit(main())
