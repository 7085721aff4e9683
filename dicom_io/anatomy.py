"""Anatomy: which part of the body a study or series is of, from whatever words it carries."""

from __future__ import annotations

import re

# Part of the body, and how words of headers begin that name it. English, German, French, Spanish,
# and the codes that scanners write. The first row that fits wins, so that "CHEST WALL" is chest.
_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("BREAST", ("BREAST", "MAMM", "BRUST", "SEIN", "MAMA")),
    ("HEAD", ("HEAD", "BRAIN", "SKULL", "CRANI", "NEURO", "HIRN", "KOPF", "SCHAED", "CEREB",
              "CCT", "SELLA", "ORBIT", "SINUS", "CABEZA")),
    ("CHEST", ("CHEST", "THORA", "LUNG", "PULM", "RIB", "CXR", "TORAX", "POUMON")),
    ("NECK", ("NECK", "HALS", "LARYN", "THYRO", "CAROT", "CUELLO")),
    ("SPINE", ("SPINE", "CSPINE", "TSPINE", "LSPINE", "LUMB", "CERVIC", "SACR", "WIRBEL", "LWS",
               "BWS", "HWS", "COLUMN", "RACHIS")),
    ("ABDOMEN", ("ABDO", "LIVER", "LEBER", "KIDNEY", "NIERE", "RENAL", "PANCR", "SPLEEN", "MILZ",
                 "HEPAT", "GALL", "BOWEL")),
    ("PELVIS", ("PELV", "BECKEN", "HIP", "HUEFT", "PROST", "UTER", "BLADDER", "BASSIN")),
    ("HEART", ("HEART", "CARDI", "HERZ", "CORON", "ECHO")),
    ("KNEE", ("KNEE", "KNIE", "PATELL", "GENOU", "RODILLA")),
    ("SHOULDER", ("SHOULDER", "SCHULTER", "HUMER", "CLAV", "EPAULE", "HOMBRO")),
    ("ANKLE", ("ANKLE", "SPRUNG", "FOOT", "FUSS", "TOE", "CALCAN", "CHEVILLE", "PIED")),
    ("HAND", ("HAND", "WRIST", "FINGER", "CARPAL", "MAIN", "MANO")),
    ("ELBOW", ("ELBOW", "ELLENB", "FOREARM", "RADIUS", "ULNA", "COUDE")),
    ("LEG", ("LEG", "FEMUR", "TIBIA", "FIBULA", "THIGH", "JAMBE")),
)  # fmt: skip


def region_of(*texts: str) -> str:
    """The part of the body that the first telling text names; "" when none does.

    >>> region_of("", "CT Thorax nativ"), region_of("LSPINE"), region_of("follow-up")
    ('CHEST', 'SPINE', '')
    """
    for text in texts:
        words = re.split(r"[^A-Z]+", text.upper().replace("Ä", "AE").replace("Ü", "UE"))
        for region, beginnings in _WORDS:
            if any(word.startswith(beginnings) for word in words if word):
                return region
    return ""


FAMILIES = (
    ("CR", "DX", "RG", "DR"),
    ("MG",),
    ("CT",),
    ("MR",),
    ("US",),
    ("PT", "NM"),
    ("XA", "RF"),
)


def kind_of(modality: str) -> str:
    """The family of a modality, so that CR and DX count as one.

    >>> kind_of("CR") == kind_of("DX"), kind_of("CT") == kind_of("MR"), kind_of("OT")
    (True, False, 'OT')
    """
    return next((family[0] for family in FAMILIES if modality in family), modality)
