"""A site's own folder becomes a data set that names nobody."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dicom_io.image.frame import open_frames
from dicom_io.image.render import render, windows_of
from dicom_io.report import sr
from dicom_io.report.document import human_sentence
from model_backend.datasets.convert import convert
from model_backend.datasets.draft import Origin
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.reading import open_dataset
from plugin._site_dataset import dicom_picture, hashed, kept_salt, site_source
from plugin._site_reports import read_text, without_identity
from tests.dataset_miniature import all_rows, put
from tests.reports import SOFTWARE, draft, signed, suggestion
from tests.site_folder import SALT, Site

NAMES = ("Doe", "Jane", "House", "Gregory", "P-17", "A-99", "19700102", "2.25.")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_film_with_a_text_report_becomes_two_rows(site: Site) -> None:
    site.film(PatientAge="056Y")
    put(site.folder / "texts/A-991.txt", "Findings: Clear lungs.\nImpression: Normal chest.")

    rows = site.rows()

    shown = rows["findings"]
    assert shown.answer == "Clear lungs."
    assert (rows["summary"].text, rows["summary"].answer) == ("Clear lungs.", "Normal chest.")
    assert shown.attributes == {
        "modality": "DX",
        "view": "PA",
        "sex": "F",
        "age": "56",
        "body part": "chest",
        "section": "findings",
    }


def test_the_picture_is_the_one_on_the_screen(site: Site) -> None:
    site.film()
    put(site.folder / "2.25.1.txt", "Normal.")
    put(site.folder / "2.25.1.2.3.4.txt", "Of another study.")

    done = site.convert()

    (row,) = all_rows(open_dataset(site.out))
    (frame,) = open_frames(site.folder / "1.dcm")
    stored = frame.stored()
    expected = render(frame, stored, windows_of(frame, stored)[0])
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(row.images[0]))), expected)
    assert list(done.left_out.counts) == ["no image of its study was taken"]


def test_an_sr_gives_what_a_person_wrote_or_accepted(site: Site) -> None:
    image = site.film()
    document = draft(image, IMPRESSION=(human_sentence("Metastases, says Dr. House."),))
    report = sr.build(signed(document), [image], SOFTWARE)
    sr.write(report, site.folder / "report.dcm")

    rows = site.rows()

    assert "There are round opacities in both lungs." in rows["findings"].answer
    assert "fracture" not in rows["findings"].answer
    assert rows["summary"].answer == "Metastases, says ___."


def test_a_damaged_report_is_told(site: Site) -> None:
    image = site.film()
    report = sr.build(signed(draft(image)), [image], SOFTWARE)
    sr.write(report, site.folder / "report.dcm")
    whole = (site.folder / "report.dcm").read_bytes()
    at = whole.index(b"CONTAINS")
    put(site.folder / "report.dcm", whole[: at - 3] + whole[at:])

    with pytest.raises(DatasetProblem, match="no row that can be used"):
        site.convert()


def test_lists_of_measurements_are_no_text(site: Site, shared: Path) -> None:
    site.film()
    (measured,) = (shared / "data" / "dicom_sr").rglob("tid1500_enhanced_dcmjs.dcm")
    put(site.folder / "measured.dcm", measured.read_bytes())

    with pytest.raises(DatasetProblem, match="it is a list of measurements, not a text"):
        site.convert()


def test_what_no_person_has_accepted_is_not_learnt(site: Site) -> None:
    image = site.film()
    document = draft(image, suggestion("There is a mass."))
    sr.write(sr.build(document, [image], SOFTWARE), site.folder / "report.dcm")

    with pytest.raises(DatasetProblem, match="nobody has accepted what a device wrote in it"):
        site.convert()


def test_nothing_in_the_data_set_names_anybody(site: Site) -> None:
    site.film()
    text = (
        "Findings: Mrs. Jane Doe (born 02.01.1970, P-17, A-991) has DOE's sign. Tel. 030 1234567.\n"
        "Compared with 1 March 2026 10:15. Seen by Dr. Gregory House; mail g.house@example.org.\n"
        "Impression: As told to Dr Wilson on 3/1/2026, study 1.2.840.113619.2.55.3.604688."
    )
    put(site.folder / "A-991.txt", text)

    rows = site.rows()

    written = json.dumps(dict(open_dataset(site.out).facts)) + "".join(
        f"{row.id} {row.group} {row.text} {row.answer} {dict(row.attributes)}"
        for row in rows.values()
    )
    for name in (*NAMES, "1970", "Wilson", "1234567", "example.org", "113619", "10:15", "March"):
        assert name.lower() not in written.lower(), name
    assert "mail ___." in rows["findings"].answer
    assert "has ___'s sign." in rows["findings"].answer


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "Clear. Electronically signed by Max B. Mustermann, MD",
            "Clear. Electronically signed by ___",
        ),
        ("Patient: Erika Musterfrau\nFrei.", "Patient: ___ Frei."),
        ("Frei. gez. Müller-Lüdenscheidt", "Frei. gez. ___"),
        ("Seen with Prof. Dr. med. Ö. Groß today.", "Seen with ___ today."),
        ("Mr. Fox and Mrs. Ann de Vries agree.", "___ and ___ de Vries agree."),
    ],
)
def test_names_behind_telling_words_go(text: str, left: str) -> None:
    assert without_identity(text, ()) == left


def test_medical_words_and_measurements_stay() -> None:
    text = (
        "A 12 mm nodule, 1.5 x 2.0 cm in segment 3; T2, L4/5, Cobb 12.5°, BI-RADS 4, 2:30 o'clock."
    )

    assert without_identity(text, {"doe"}) == text


def test_patients_keep_together_and_salts_part_the_sites(site: Site) -> None:
    for study, patient in ((1, "P-1"), (2, "P-1"), (3, "P-2")):
        site.film(study=study, patient=patient)
        put(site.folder / f"A-99{study}.txt", f"Findings: number {study} is fine.")

    site.convert()

    rows = all_rows(open_dataset(site.out))
    groups = {row.answer: (row.group, row.part) for row in rows}
    assert groups["number 1 is fine."] == groups["number 2 is fine."]
    assert groups["number 1 is fine."][0] != groups["number 3 is fine."][0]
    assert hashed(SALT, "patient", "P-1\0HOSPITAL") == groups["number 1 is fine."][0]
    assert hashed(b"another salt", "patient", "P-1\0HOSPITAL") != groups["number 1 is fine."][0]


def test_burned_in_names_are_left_out_unless_told_otherwise(site: Site) -> None:
    site.film(BurnedInAnnotation="YES")
    put(site.folder / "A-991.txt", "Normal.")

    with pytest.raises(DatasetProblem, match="text is burned into its pixels"):
        site.convert()
    assert set(site.rows(burned_in="keep")) == {"findings"}


def test_only_the_wanted_kinds_of_images_are_taken(site: Site) -> None:
    site.film(Modality="CT")
    put(site.folder / "A-991.txt", "Normal.")

    with pytest.raises(DatasetProblem, match="no row that can be used"):
        site.convert()
    assert site.rows(modalities="CT,MR")["findings"].attributes["modality"] == "CT"


def test_frontal_films_come_first_and_a_stack_is_its_middle_image(site: Site) -> None:
    lateral = site.film()
    lateral.ViewPosition = "LATERAL"
    lateral.save_as(site.folder / "1.dcm", enforce_file_format=True)
    site.film()
    for number in range(5):
        image = site.film()
        image.SeriesInstanceUID, image.InstanceNumber = "2.25.1.99", number
        image.WindowCenter = 100 * number
        image.save_as(site.folder / f"{site.count}.dcm", enforce_file_format=True)
    put(site.folder / "A-991.txt", "Normal.")

    row = site.rows()["findings"]

    assert len(row.images) == 3
    assert row.images[-1] == dicom_picture(site.folder / "1.dcm")
    assert row.images[1] == dicom_picture(site.folder / "5.dcm")


def test_studies_without_report_and_broken_files_are_told_without_a_name(site: Site) -> None:
    site.film(study=1)
    put(site.folder / "A-991.txt", "Normal.")
    site.film(study=2)
    put(site.folder / "Doe.dcm", b"no DICOM")
    put(site.folder / "Jane.txt", b"\xff\xfe broken")

    done = site.convert()

    said = " ".join(done.left_out.named)
    assert done.left_out.total == 3
    assert "it has no report" in said and "it is not UTF-8" in said
    assert not any(name in said for name in ("Doe", "Jane"))


@pytest.mark.parametrize(
    ("header", "age"),
    [
        ({"PatientAge": "095Y"}, "90+"),
        ({"PatientAge": "006M"}, "0"),
        ({"PatientAge": ""}, "56"),
        ({"PatientAge": "", "PatientBirthDate": ""}, ""),
    ],
)
def test_ages_are_told_in_years_and_great_ones_not_exactly(
    site: Site, header: dict[str, Any], age: str
) -> None:
    site.film(**header)
    put(site.folder / "A-991.txt", "Normal.")

    assert site.rows()["findings"].attributes.get("age", "") == age


def test_the_salt_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "salt"

    made = kept_salt(path)

    assert len(made) == 32
    assert kept_salt(path) == made
    assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(b"short")
    with pytest.raises(DatasetProblem, match="shorter than 16 bytes"):
        kept_salt(path)


def test_a_report_of_one_text_is_taken_apart(tmp_path: Path) -> None:
    report = read_text(put(tmp_path / "A-1.txt", "Befund: Frei.\nBeurteilung: Unauffällig."))

    assert (report.findings, report.impression) == ("Frei.", "Unauffällig.")
    assert report.accession == "A-1"


def test_real_films_with_texts(shared: Path, tmp_path: Path) -> None:
    """Films of two patients from Hannover, each with a made report."""
    site = Site(tmp_path)
    site.folder.mkdir()
    files = sorted((shared / "data" / "cxr_hannover").glob("MHH-2[12]*.dcm"))[:3]
    for path in files:
        (frame,) = open_frames(path)
        (site.folder / path.name).symlink_to(path)
        put(site.folder / f"{frame.identity.study}.txt", "Findings: Opacities in both lungs.")

    done = convert(
        site_source(SALT), Origin(site.folder, options={"burned_in": "keep"}), site.out, longest=256
    )

    rows = all_rows(open_dataset(site.out))
    assert len(rows) == len(files) and done.left_out.total == 0
    assert all(max(Image.open(io.BytesIO(row.images[0])).size) == 256 for row in rows)
    assert len({row.group for row in rows}) == 2
