"""Sets of pictures with texts, each as a miniature in its documented layout."""

from __future__ import annotations

import gzip

from model_backend.datasets.draft import Draft, Origin
from model_backend.datasets.known import source_named
from model_backend.datasets.row import TEST, TRAIN, VALIDATION
from tests.dataset_miniature import Miniature, all_rows, drawn

REPORT = """<?xml version="1.0" encoding="utf-8"?>
<eCitation>
  <meta type="rr"/>
  <uId id="CXR{n}"/>
  <MedlineCitation>
    <Article>
      <Abstract>
        <AbstractText Label="COMPARISON">None.</AbstractText>
        <AbstractText Label="INDICATION">Chest pain</AbstractText>
        <AbstractText Label="FINDINGS">{findings}</AbstractText>
        <AbstractText Label="IMPRESSION">{impression}</AbstractText>
      </Abstract>
    </Article>
  </MedlineCitation>
  <MeSH><major>Cardiomegaly/mild</major><automatic>heart</automatic></MeSH>
  {images}
</eCitation>
"""


def iu_report(n: int, findings: str, images: tuple[str, ...]) -> str:
    named = "".join(
        f'<parentImage id="{one}"><figureId>F1</figureId></parentImage>' for one in images
    )
    return REPORT.format(n=n, findings=findings, impression="No acute disease.", images=named)


def test_iu_xray_gives_the_findings_of_all_images_of_a_report(miniature: Miniature) -> None:
    two = ("CXR1_1_IM-0001-3001", "CXR1_1_IM-0001-4001")
    for seed, name in enumerate(two):
        miniature.draw(f"NLMCXR_png/{name}.png", seed)
    miniature.put("ecgen-radiology/1.xml", iu_report(1, "The heart  is\nenlarged.", two))
    miniature.put("ecgen-radiology/2.xml", iu_report(2, "Clear lungs.", ()))
    miniature.put("ecgen-radiology/3.xml", iu_report(3, "Clear.", ("CXR3_IM-0002-1001",)))
    miniature.put("ecgen-radiology/4.xml", "<eCitation>")

    rows = {(row.task, row.id): row for row in all_rows(miniature.convert("iu_xray"))}

    shown = rows["findings", "CXR1"]
    assert (shown.answer, shown.group) == ("The heart is enlarged.", "CXR1")
    assert shown.images == (drawn(0), drawn(1))
    assert shown.attributes == {"tags": "Cardiomegaly/mild"}
    short = rows["summary", "CXR1 impression"]
    assert (short.text, short.answer) == ("The heart is enlarged.", "No acute disease.")
    assert short.part == shown.part
    assert ("summary", "CXR2 impression") in rows and ("findings", "CXR2") not in rows
    assert sorted(miniature.left_out) == [
        "3.xml: its image 'CXR3_IM-0002-1001.png' cannot be read (No such file or directory)",
        "4.xml: the report cannot be read (ParseError)",
    ]


def test_iu_xray_can_take_both_sections_for_its_captions(miniature: Miniature) -> None:
    miniature.draw("NLMCXR_png/CXR1_1.png", 1)
    miniature.put("ecgen-radiology/1.xml", iu_report(1, "Big heart.", ("CXR1_1",)))

    found = miniature.convert("iu_xray", sections="both")

    assert "No acute disease. Big heart." in [row.answer for row in all_rows(found)]


MIMIC = """                                 FINAL REPORT
 EXAMINATION:  CHEST (PA AND LAT)

 INDICATION:  ___F with cough.

 FINDINGS:

 The lungs are clear.
 Heart size is normal.

 IMPRESSION:

 No acute process.
"""


def test_mimic_cxr_joins_split_reports_views_and_labels(miniature: Miniature) -> None:
    studies = [("10000032", "50414267", "train"), ("10000764", "57375967", "validate")]
    studies += [("10002000", "50000001", "test"), ("10002001", "50000002", "train")]
    split = ["dicom_id,study_id,subject_id,split"]
    metadata = ["dicom_id,subject_id,study_id,ViewPosition,Rows"]
    for seed, (subject, study, part) in enumerate(studies):
        below = f"files/p{subject[:2]}/p{subject}/s{study}"
        for view in ("PA", "LATERAL"):
            miniature.draw(f"{below}/{study}-{view}.jpg", 2 * seed + (view == "PA"), "JPEG")
            split.append(f"{study}-{view},{study},{subject},{part}")
            metadata.append(f"{study}-{view},{subject},{study},{view},3056")
        if study != "50000002":
            miniature.put(f"{below}.txt", MIMIC)
    miniature.put("mimic-cxr-2.0.0-split.csv.gz", gzip.compress("\n".join(split).encode()))
    miniature.put("mimic-cxr-2.0.0-metadata.csv", "\n".join(metadata))
    miniature.put(
        "mimic-cxr-2.0.0-chexpert.csv",
        "subject_id,study_id,Cardiomegaly,Edema,No Finding\n"
        "10000032,50414267,0.0,-1.0,1.0,beyond\n",
    )

    found = miniature.convert("mimic_cxr")

    train = {row.task: row for row in found.rows(TRAIN)}
    assert train["findings"].answer == "The lungs are clear. Heart size is normal."
    assert train["findings"].images == (drawn(1, "JPEG"),)
    assert train["findings"].attributes == {"view": "PA"}
    assert train["findings"].labels == {"cardiomegaly": False, "no finding": True}
    assert train["findings"].group == "10000032"
    assert train["summary"].answer == "No acute process."
    assert [found.count(part) for part in (TRAIN, VALIDATION, TEST)] == [2, 2, 2]
    assert miniature.left_out == ["study 50000002: its report is missing"]


def test_mimic_cxr_as_dicom_is_read_by_whoever_can(miniature: Miniature) -> None:
    below = "files/p10/p10000032/s50414267"
    miniature.put(f"{below}/a.dcm", b"DICOM")
    miniature.put(f"mimic-cxr-reports/{below}.txt", MIMIC)
    split = "dicom_id,study_id,subject_id,split\na,50414267,10000032,test\n"
    miniature.put("mimic-cxr-2.0.0-split.csv", split)

    found = list(source_named("mimic_cxr").read(Origin(miniature.folder, lambda _: drawn(5))))

    (draft,) = [one for one in found if isinstance(one, Draft) and one.pictures]
    assert draft.pictures[0]() == drawn(5)
    assert draft.row.answer == "The lungs are clear. Heart size is normal."


def test_mimic_cxr_can_take_every_view(miniature: Miniature) -> None:
    below = "files/p10/p10000032/s50414267"
    for seed, name in enumerate(("a", "b")):
        miniature.draw(f"{below}/{name}.jpg", seed, "JPEG")
    miniature.put(f"{below}.txt", MIMIC)
    rows = "".join(f"{name},50414267,10000032,train\n" for name in ("a", "b"))
    miniature.put("mimic-cxr-2.0.0-split.csv", "dicom_id,study_id,subject_id,split\n" + rows)
    miniature.put(
        "mimic-cxr-2.0.0-metadata.csv",
        "dicom_id,ViewPosition\na,PA\nb,LATERAL\n",
    )

    found = all_rows(miniature.convert("mimic_cxr", views="all"))

    assert [len(row.images) for row in found if row.task == "findings"] == [2]


def test_peir_gross_is_a_name_and_a_caption_a_line(miniature: Miniature) -> None:
    for seed in range(3):
        miniature.draw(f"peir_gross_images/{seed}.jpg", seed, "JPEG")
    miniature.put("train_images.tsv", "0.jpg\tHEART: Infarct.\n1.jpg\tLIVER\tgross\nnonsense\n")
    miniature.put("test_images.tsv", "2.jpg\tKidney, close-up.\n9.jpg\tMissing.\n")

    found = miniature.convert("peir_gross")

    assert [row.answer for row in found.rows(TEST)] == ["Kidney, close-up."]
    kept = {row.answer for part in (TRAIN, VALIDATION) for row in found.rows(part)}
    assert kept == {"HEART: Infarct.", "LIVER gross"}
    assert len(miniature.left_out) == 2


def roco(miniature: Miniature, articles: tuple[str, ...]) -> None:
    for seed, (part, article) in enumerate(
        zip(("train", "validation", "test"), articles, strict=True)
    ):
        folder, image = f"data/{part}/radiology", f"fig-{seed}.jpg"
        link = f"wget -r ftp://ftp.ncbi.nlm.nih.gov/pub/pmc/oa_package/a5/5c/{article}.tar.gz"
        miniature.put(f"{folder}/dlinks.txt", f"ROCO_{seed}\t{link}\t{image}\n")
        miniature.put(f"{folder}/captions.txt", f"ROCO_{seed}\t  CT of the chest {seed}.\n")
        miniature.draw(f"{folder}/images/{article}_{image}", seed, "JPEG")


def test_roco_finds_images_by_their_article(miniature: Miniature) -> None:
    roco(miniature, ("PMC1", "PMC2", "PMC3"))

    found = miniature.convert("roco")

    assert [next(found.rows(part)).answer for part in (TRAIN, VALIDATION, TEST)] == [
        f"CT of the chest {number}." for number in range(3)
    ]
    assert next(found.rows(TEST)).group == "PMC3"


def test_roco_articles_are_not_cut_in_two(miniature: Miniature) -> None:
    roco(miniature, ("PMC1", "PMC2", "PMC1"))

    found = miniature.convert("roco")

    assert found.facts["split"] == "patient"
    assert len({row.part for row in all_rows(found) if row.group == "PMC1"}) == 1
