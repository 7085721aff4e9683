"""Every code that our reports use, each once, by name (DICOM PS3.16)."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset

from dicom_io.report.document import SectionKind


@dataclass(frozen=True, slots=True)
class Code:
    """A code value, the scheme that defines it, and its meaning in English."""

    value: str
    scheme: str
    meaning: str

    def names(self, item: Dataset) -> bool:
        """True when the item of a code sequence is this code, whatever meaning it prints."""
        return code_key(item) == (self.value, self.scheme)

    def item(self) -> Dataset:
        """This code as an item of a code sequence (PS3.3 8.8)."""
        item = Dataset()
        if len(self.value) > 16:
            item.LongCodeValue = self.value
        else:
            item.CodeValue = self.value
        item.CodingSchemeDesignator = self.scheme
        item.CodeMeaning = self.meaning
        return item


def code_key(item: Dataset) -> tuple[str, str]:
    """Value and scheme of an item of a code sequence; empty texts where it has none."""
    value = item.get("CodeValue") or item.get("LongCodeValue") or item.get("URNCodeValue") or ""
    return str(value).strip(), str(item.get("CodingSchemeDesignator") or "").strip()


# Document titles, CID 7000
DIAGNOSTIC_IMAGING_REPORT = Code("18748-4", "LN", "Diagnostic Imaging Report")
CT_REPORT = Code("25045-6", "LN", "CT Report")
CT_CHEST_REPORT = Code("24627-2", "LN", "CT Chest Report")
CT_HEAD_REPORT = Code("24725-4", "LN", "CT Head Report")
CT_ABDOMEN_REPORT = Code("41806-1", "LN", "CT Abdomen Report")
MRI_REPORT = Code("25056-3", "LN", "MRI Report")
MRI_HEAD_REPORT = Code("24590-2", "LN", "MRI Head Report")
X_RAY_REPORT = Code("43468-8", "LN", "X-Ray Report")
ULTRASOUND_REPORT = Code("25061-3", "LN", "Ultrasound Report")
NUCLEAR_MEDICINE_REPORT = Code("49118-3", "LN", "Nuclear Medicine Report")
PET_SCAN_REPORT = Code("44136-0", "LN", "PET Scan Report")
FLUOROSCOPY_REPORT = Code("49512-7", "LN", "Fluoroscopy Study Report")
RADIOLOGY_REPORT = Code("11528-7", "LN", "Radiology Report")

TITLES = (
    DIAGNOSTIC_IMAGING_REPORT,
    CT_REPORT,
    CT_CHEST_REPORT,
    CT_HEAD_REPORT,
    CT_ABDOMEN_REPORT,
    MRI_REPORT,
    MRI_HEAD_REPORT,
    X_RAY_REPORT,
    ULTRASOUND_REPORT,
    NUCLEAR_MEDICINE_REPORT,
    PET_SCAN_REPORT,
    FLUOROSCOPY_REPORT,
    RADIOLOGY_REPORT,
)

_MODALITY_TITLES = {
    "CT": CT_REPORT,
    "MR": MRI_REPORT,
    "CR": X_RAY_REPORT,
    "DX": X_RAY_REPORT,
    "RG": X_RAY_REPORT,
    "IO": X_RAY_REPORT,
    "PX": X_RAY_REPORT,
    "RF": FLUOROSCOPY_REPORT,
    "US": ULTRASOUND_REPORT,
    "NM": NUCLEAR_MEDICINE_REPORT,
    "PT": PET_SCAN_REPORT,
}

_BODY_PART_TITLES = {
    ("CT", "CHEST"): CT_CHEST_REPORT,
    ("CT", "HEAD"): CT_HEAD_REPORT,
    ("CT", "ABDOMEN"): CT_ABDOMEN_REPORT,
    ("MR", "HEAD"): MRI_HEAD_REPORT,
}


def title_for(modality: str, body_part: str = "") -> Code:
    """The narrowest title that fits Modality and BodyPartExamined."""
    narrow = _BODY_PART_TITLES.get((modality, body_part.upper()))
    return narrow or _MODALITY_TITLES.get(modality, DIAGNOSTIC_IMAGING_REPORT)


def title_named(meaning: str) -> Code | None:
    """The title with that meaning, or None when CID 7000 (as far as we use it) has none."""
    return next((title for title in TITLES if title.meaning.lower() == meaning.lower()), None)


# Concepts of TID 2000, TID 1204 and TID 1001 to 1004
PROCEDURE_REPORTED = Code("121058", "DCM", "Procedure reported")
LANGUAGE = Code("121049", "DCM", "Language of Content Item and Descendants")
COUNTRY = Code("121046", "DCM", "Country of Language")
OBSERVER_TYPE = Code("121005", "DCM", "Observer Type")
PERSON = Code("121006", "DCM", "Person")
DEVICE = Code("121007", "DCM", "Device")
PERSON_NAME = Code("121008", "DCM", "Person Observer Name")
PERSON_ORGANIZATION = Code("121009", "DCM", "Person Observer's Organization Name")
PERSON_ROLE = Code("121010", "DCM", "Person Observer's Role in the Organization")
PERSON_TASK = Code("121011", "DCM", "Person Observer's Role in this Procedure")
DEVICE_UID = Code("121012", "DCM", "Device Observer UID")
DEVICE_NAME = Code("121013", "DCM", "Device Observer Name")
DEVICE_MANUFACTURER = Code("121014", "DCM", "Device Observer Manufacturer")
DEVICE_MODEL = Code("121015", "DCM", "Device Observer Model Name")
DEVICE_SERIAL = Code("121016", "DCM", "Device Observer Serial Number")
PHYSICIAN = Code("309343006", "SCT", "Physician")  # CID 7452
PERFORMING = Code("121094", "DCM", "Performing")  # CID 7453
VERIFYING = Code("121098", "DCM", "Verifying")  # CID 7453
BEST_ILLUSTRATION = Code("121080", "DCM", "Best illustration of finding")
PROCESSING_EQUIPMENT = Code("109102", "DCM", "Processing Equipment")  # CID 7005

# Concepts of TID 1500, 1501, 1410 and 4019
MEASUREMENT_REPORT = Code("126000", "DCM", "Imaging Measurement Report")  # CID 7021
MEASUREMENTS = Code("126010", "DCM", "Imaging Measurements")
MEASUREMENT_GROUP = Code("125007", "DCM", "Measurement Group")
TRACKING_IDENTIFIER = Code("112039", "DCM", "Tracking Identifier")
TRACKING_UID = Code("112040", "DCM", "Tracking Unique Identifier")
SOURCE_OF_MEASUREMENT = Code("121112", "DCM", "Source of Measurement")
IMAGE_REGION = Code("111030", "DCM", "Image Region")
COMMENT = Code("121106", "DCM", "Comment")
IMAGING_PROCEDURE = Code("363679005", "SCT", "Imaging procedure")
CERTAINTY = Code("111012", "DCM", "Certainty of Finding")
PRESENT = Code("52101004", "SCT", "Present")
ABSENT = Code("272519000", "SCT", "Absent")
CLINICAL_FINDING = Code("404684003", "SCT", "Clinical finding")
ALGORITHM_FAMILY = Code("111000", "DCM", "Algorithm Family")
ALGORITHM_NAME = Code("111001", "DCM", "Algorithm Name")
ALGORITHM_PARAMETERS = Code("111002", "DCM", "Algorithm Parameters")
ALGORITHM_VERSION = Code("111003", "DCM", "Algorithm Version")
ALGORITHM_MANUFACTURER = Code("122405", "DCM", "Algorithm Manufacturer")
ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")
MEASUREMENT_METHOD = Code("370129005", "SCT", "Measurement Method")

# Our own, for what has no standard code: a free question put to a model, and its answer
PRIVATE_SCHEME = "99WETREAD"
PRIVATE_SCHEME_UID = "2.25.309386149013250098330142306327562938411"
AI_ANSWER = Code("AI_ANSWER", PRIVATE_SCHEME, "Answer generated by AI")
AI_QUESTION = Code("AI_QUESTION", PRIVATE_SCHEME, "Question put to AI")

# Headings, CID 7001
INDICATIONS = Code("18785-6", "LN", "Indications for Procedure")
PROCEDURE_DESCRIPTIONS = Code("55111-9", "LN", "Current Procedure Descriptions")
PREVIOUS_FINDINGS = Code("18834-2", "LN", "Previous Findings")
FINDINGS = Code("59776-5", "LN", "Findings")
IMPRESSIONS = Code("19005-8", "LN", "Impressions")
HISTORY = Code("11329-0", "LN", "History")  # heading and element
REQUEST = Code("55115-0", "LN", "Request")  # heading and element
RECOMMENDATIONS = Code("18783-1", "LN", "Recommendations")
ADDENDUM = Code("55107-7", "LN", "Addendum")
CLINICAL_INFORMATION = Code("55752-0", "LN", "Clinical Information")
PATIENT_PRESENTATION = Code("55108-5", "LN", "Patient Presentation")  # heading and element
CONCLUSIONS = Code("55110-1", "LN", "Conclusions")
SUMMARY = Code("55112-7", "LN", "Summary")  # heading and element
PRIOR_PROCEDURES = Code("55114-3", "LN", "Prior Procedure Descriptions")
COMPLICATIONS = Code("55109-3", "LN", "Complications")
MEDICATIONS = Code("29549-3", "LN", "Medications Administered")
RADIATION = Code("73569-6", "LN", "Radiation Exposure and Protection Information")
CRITICAL_RESULTS = Code("73568-8", "LN", "Communication of Critical Results")
KEY_IMAGES = Code("55113-5", "LN", "Key Images")

HEADINGS = (
    INDICATIONS,
    PROCEDURE_DESCRIPTIONS,
    PREVIOUS_FINDINGS,
    FINDINGS,
    IMPRESSIONS,
    HISTORY,
    REQUEST,
    RECOMMENDATIONS,
    ADDENDUM,
    CLINICAL_INFORMATION,
    PATIENT_PRESENTATION,
    CONCLUSIONS,
    SUMMARY,
    PRIOR_PROCEDURES,
    COMPLICATIONS,
    MEDICATIONS,
    RADIATION,
    CRITICAL_RESULTS,
    KEY_IMAGES,
)

# Elements, CID 7002
FINDING = Code("121071", "DCM", "Finding")
PREVIOUS_FINDING = Code("121069", "DCM", "Previous Finding")
IMPRESSION = Code("121073", "DCM", "Impression")
RECOMMENDATION = Code("121075", "DCM", "Recommendation")
CONCLUSION = Code("121077", "DCM", "Conclusion")
PROCEDURE_DESCRIPTION = Code("121065", "DCM", "Procedure Description")

ELEMENTS = (
    HISTORY,
    REQUEST,
    PATIENT_PRESENTATION,
    SUMMARY,
    FINDING,
    PREVIOUS_FINDING,
    IMPRESSION,
    RECOMMENDATION,
    CONCLUSION,
    PROCEDURE_DESCRIPTION,
)

# What each section of ours is written as: heading and element (spec of TID 2000).
SECTIONS = {
    SectionKind.INDICATION: (INDICATIONS, HISTORY),
    SectionKind.TECHNIQUE: (PROCEDURE_DESCRIPTIONS, PROCEDURE_DESCRIPTION),
    SectionKind.COMPARISON: (PREVIOUS_FINDINGS, PREVIOUS_FINDING),
    SectionKind.FINDINGS: (FINDINGS, FINDING),
    SectionKind.IMPRESSION: (IMPRESSIONS, IMPRESSION),
    SectionKind.ADDENDUM: (ADDENDUM, FINDING),
}

# Headings as (value, scheme) that a document may carry and the section they are read into:
# ours, the others of CID 7001, and the DCM codes of older editions.
HEADING_SECTIONS = {
    **{(heading.value, "LN"): kind for kind, (heading, _) in SECTIONS.items()},
    (HISTORY.value, "LN"): SectionKind.INDICATION,
    (REQUEST.value, "LN"): SectionKind.INDICATION,
    (CLINICAL_INFORMATION.value, "LN"): SectionKind.INDICATION,
    (PATIENT_PRESENTATION.value, "LN"): SectionKind.INDICATION,
    (MEDICATIONS.value, "LN"): SectionKind.TECHNIQUE,
    (RADIATION.value, "LN"): SectionKind.TECHNIQUE,
    (PRIOR_PROCEDURES.value, "LN"): SectionKind.COMPARISON,
    (CONCLUSIONS.value, "LN"): SectionKind.IMPRESSION,
    (SUMMARY.value, "LN"): SectionKind.IMPRESSION,
    (RECOMMENDATIONS.value, "LN"): SectionKind.IMPRESSION,
    ("121060", "DCM"): SectionKind.INDICATION,  # History
    ("121062", "DCM"): SectionKind.INDICATION,  # Request
    ("121064", "DCM"): SectionKind.TECHNIQUE,  # Current Procedure Descriptions
    ("121066", "DCM"): SectionKind.COMPARISON,  # Prior Procedure Descriptions
    ("121068", "DCM"): SectionKind.COMPARISON,  # Previous Findings
    ("121070", "DCM"): SectionKind.FINDINGS,  # Findings
    ("121072", "DCM"): SectionKind.IMPRESSION,  # Impressions
    ("121074", "DCM"): SectionKind.IMPRESSION,  # Recommendations
    ("121076", "DCM"): SectionKind.IMPRESSION,  # Conclusions
}

LANGUAGES = {
    "da": "Danish",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "sv": "Swedish",
    "zh": "Chinese",
}

COUNTRIES = {
    "AT": "AUSTRIA",
    "CH": "SWITZERLAND",
    "CN": "CHINA",
    "DE": "GERMANY",
    "ES": "SPAIN",
    "FR": "FRANCE",
    "GB": "UNITED KINGDOM",
    "IT": "ITALY",
    "JP": "JAPAN",
    "NL": "NETHERLANDS",
    "US": "UNITED STATES",
}


def language_code(tag: str) -> Code:
    """The language of an RFC 5646 tag, without its region; the tag itself where unnamed."""
    language = tag.split("-")[0].lower() or "en"
    return Code(language, "RFC5646", LANGUAGES.get(language, language))


def country_code(tag: str) -> Code | None:
    """The region of an RFC 5646 tag (the US of en-US), or None when it names none."""
    region = next((part for part in tag.split("-")[1:] if len(part) == 2), "").upper()
    return Code(region, "ISO3166_1", COUNTRIES.get(region, region)) if region else None
