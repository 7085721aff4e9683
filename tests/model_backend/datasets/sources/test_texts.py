"""Sets of texts, each as a miniature in its documented layout."""

from __future__ import annotations

import io
import json
import zipfile
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.row import TEST, TRAIN, VALIDATION
from model_backend.datasets.sections import sections_of
from tests.dataset_miniature import Miniature, all_rows


def pair(label: str, number: int, premise: str) -> str:
    return json.dumps(
        {
            "gold_label": label,
            "pairID": f"pair-{number}",
            "sentence1": premise,
            "sentence1_parse": "(ROOT (S))",
            "sentence2": f"Hypothesis {number}.",
        }
    )


def test_mednli_keeps_its_parts_and_groups_by_premise(miniature: Miniature) -> None:
    labels = ("entailment", "neutral", "contradiction")
    for name in ("train", "dev", "test"):
        lines = [pair(one, number, f"Premise {name}.") for number, one in enumerate(labels)]
        miniature.put(f"mli_{name}_v1.jsonl", "\n".join([*lines, pair("-", 9, "Unlabelled.")]))

    found = miniature.convert("mednli")

    assert [found.count(part) for part in (TRAIN, VALIDATION, TEST)] == [3, 3, 3]
    rows = list(found.rows(TRAIN))
    assert [row.answer for row in rows] == ["entailed", "neutral", "contradicted"]
    assert {row.group for row in rows} == {"Premise train."}
    assert rows[0].candidates == ("entailed", "neutral", "contradicted")
    assert miniature.left_out[0].endswith(
        "its label '-' is none of entailment, neutral, contradiction"
    )


def spreadsheet(rows: list[tuple[str, str, str]]) -> bytes:
    """A workbook as spreadsheet programs write it, with shared texts."""
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    texts = [cell for row in rows for cell in row]
    cells = "".join(
        f'<row r="{r + 1}">'
        + "".join(
            f'<c r="{letter}{r + 1}" t="s"><v>{3 * r + c}</v></c>' for c, letter in enumerate("ABC")
        )
        + "</row>"
        for r in range(len(rows))
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as book:
        book.writestr(
            "xl/worksheets/sheet1.xml",
            f"<worksheet {space}><sheetData>{cells}</sheetData></worksheet>",
        )
        shared = "".join(f"<si><r><t>{escape(text)}</t></r></si>" for text in texts)
        book.writestr("xl/sharedStrings.xml", f"<sst {space}>{shared}</sst>")
    return out.getvalue()


QUESTIONS = [
    ("File", "CHQ", "Summary"),
    ("1-131188152.xml.txt", "SUBJECT: who & where\nMESSAGE: long story", "Who treats it?"),
    ("15410.txt", "Another   story", "What helps?"),
]
NAME = "MeQSum_ACL2019_BenAbacha_Demner-Fushman"


def test_meqsum_out_of_its_spreadsheet(miniature: Miniature) -> None:
    miniature.put(f"{NAME}.xlsx", spreadsheet(QUESTIONS))

    rows = {row.id: row for row in all_rows(miniature.convert("meqsum"))}

    row = rows["1-131188152.xml.txt"]
    assert row.task == "summary"
    assert (row.text, row.answer) == ("SUBJECT: who & where MESSAGE: long story", "Who treats it?")
    assert len(rows) == 2


def test_meqsum_out_of_parquet(miniature: Miniature) -> None:
    columns = dict(zip(QUESTIONS[0], zip(*QUESTIONS[1:], strict=True), strict=True))
    pq.write_table(
        pa.table({name: list(cells) for name, cells in columns.items()}),
        miniature.folder / "MeQSum.parquet",
    )

    assert len(all_rows(miniature.convert("meqsum"))) == 2


def test_a_damaged_spreadsheet_is_named(miniature: Miniature) -> None:
    miniature.put(f"{NAME}.xlsx", b"PK but not really")

    with pytest.raises(DatasetProblem, match="is no spreadsheet that can be read"):
        miniature.convert("meqsum")


def test_healthcaremagic_and_icliniq_are_questions_with_answers(miniature: Miniature) -> None:
    magic = [{"instruction": "If you are a doctor ...", "input": "I cough.", "output": "Rest."}]
    miniature.put("HealthCareMagic-100k.json", json.dumps(magic))
    cliniq = [{"input": "My head aches.", "answer_icliniq": "Hello. Rest.", "answer_chatgpt": "x"}]
    miniature.put("iCliniq.json", json.dumps(cliniq))

    (row,) = all_rows(miniature.convert("healthcaremagic"))
    assert (row.text, row.answer) == ("I cough.", "Rest.")

    miniature.out = miniature.out.with_name("other")
    (row,) = all_rows(miniature.convert("icliniq"))
    assert (row.text, row.answer) == ("My head aches.", "Hello. Rest.")


NOTE = """[**2118-1-1**] 9:00 AM
 CHEST (PORTABLE AP)                                             Clip # [**Clip Number**]
 Reason: line placement
 ______________________________________________________________________________
 FINAL REPORT
 HISTORY:  Line placement.

 FINDINGS:  The tip lies in the cava,
 "well" placed.

 IMPRESSION:  Line in place.
"""


def test_mimic_iii_takes_radiology_notes_with_both_sections(miniature: Miniature) -> None:
    header = "ROW_ID,SUBJECT_ID,HADM_ID,CHARTDATE,CHARTTIME,STORETIME,CATEGORY,DESCRIPTION,"
    header += "CGID,ISERROR,TEXT\n"
    quoted = NOTE.replace('"', '""')
    rows = [
        f'1,22,,2118-01-01,,,Radiology,CHEST (PORTABLE AP),,,"{quoted}"\n',
        f'2,22,,2118-01-01,,,Nursing,Report,,,"{quoted}"\n',
        f'3,23,,2118-01-01,,,Radiology,CHEST,,1,"{quoted}"\n',
        '4,24,,2118-01-01,,,Radiology,CHEST,,,"IMPRESSION: alone."\n',
    ]
    miniature.put("NOTEEVENTS.csv", header + "".join(rows))

    (row,) = all_rows(miniature.convert("mimic_iii"))

    assert (row.id, row.group) == ("1", "22")
    assert row.text == 'The tip lies in the cava, "well" placed.'
    assert row.answer == "Line in place."
    assert miniature.left_out == [
        "note 3: it is marked as an error",
        "note 4: it has no findings with an impression",
    ]


TRIAL = """<clinical_study><brief_title>Trial {n}</brief_title>
<brief_summary><textblock>
   Of a drug. </textblock></brief_summary>
<eligibility><criteria><textblock>Adults.</textblock></criteria></eligibility></clinical_study>"""


def test_trec_trials_joins_topics_judgements_and_trials(miniature: Miniature) -> None:
    for year in ("2021", "2022"):
        miniature.put(
            f"topics{year}.xml",
            f'<topics task="{year} TREC Clinical Trials"><topic number="1">\nA boy of {year}.\n'
            "</topic></topics>",
        )
        miniature.put(
            f"qrels{year}.txt", "1 0 NCT00000001 2\n1 0 NCT00000002 1\n1 0 NCT09999999 0\nodd\n"
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("NCT0000xxxx/NCT00000001.xml", TRIAL.format(n=1))
    miniature.put("ClinicalTrials.2021-04-27.part1.zip", packed.getvalue())
    miniature.put("trials/NCT00000002.xml", TRIAL.format(n=2))

    found = miniature.convert("trec_trials")

    rows = {row.id: row for row in found.rows(TEST)}
    row = rows["2022-1-NCT00000001"]
    assert (row.text, row.text2) == ("A boy of 2022.", "Trial 1 Of a drug. Adults.")
    assert (row.answer, rows["2022-1-NCT00000002"].answer) == ("eligible", "excluded")
    assert found.count(TEST) == 2
    assert "line 3 of qrels2021.txt: its trial is missing" in miniature.left_out


@pytest.mark.parametrize(
    ("report", "findings", "impression"),
    [
        ("FINDINGS: clear.\nIMPRESSION: normal.", "clear.", "normal."),
        ("Findings\nclear.\n\nImpression\nnormal.", "clear.", "normal."),
        ("Befund: frei.\nBeurteilung: unauffällig.", "frei.", "unauffällig."),
        ("The findings: none.", None, None),
        ("INDICATION: pain\nFINDINGS:\nLine one\nline two\nRECOMMENDATION: CT", "Line one line two")
        + (None,),
        ("CONCLUSION:", None, None),
    ],
)
def test_sections_are_told_apart(report: str, findings: str | None, impression: str | None) -> None:
    found = sections_of(report)

    assert (found.get("findings"), found.get("impression")) == (findings, impression)
