"""Presentation contexts: which classes of object in which transfer syntaxes we ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pydicom.uid as uids
from pydicom.uid import UID
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext, build_context, build_role

MOST_CONTEXTS = 128  # in one association: odd numbers up to 255 (PS3.8 section 9.3.2.2)

UNCOMPRESSED = (uids.ExplicitVRLittleEndian, uids.ImplicitVRLittleEndian)

# What objects may be stored in, the commonest first. Deflated is left out: a small file may
# inflate without bound (spec D.3). Nothing here is decoded by the network code.
IMAGE_SYNTAXES = (
    *UNCOMPRESSED,
    uids.JPEG2000Lossless,
    uids.JPEG2000,
    uids.JPEGLosslessSV1,
    uids.JPEGBaseline8Bit,
    uids.JPEGLSLossless,
    uids.JPEGLSNearLossless,
    uids.RLELossless,
    uids.JPEGExtended12Bit,
    uids.JPEGLossless,
    uids.HTJ2KLossless,
    uids.HTJ2KLosslessRPCL,
    uids.HTJ2K,
    uids.ExplicitVRBigEndian,
)
VIDEO_SYNTAXES = (uids.MPEG2MPML, uids.MPEG4HP41, uids.MPEG4HP41BD, uids.HEVCMP51)
ALL_SYNTAXES = (*IMAGE_SYNTAXES, *VIDEO_SYNTAXES)

_VIDEO_CLASSES = frozenset(
    {
        uids.VideoEndoscopicImageStorage,
        uids.VideoMicroscopicImageStorage,
        uids.VideoPhotographicImageStorage,
    }
)

# Objects without pixels travel uncompressed.
_PLAIN_CLASSES = frozenset(
    {
        uids.BasicTextSRStorage,
        uids.EnhancedSRStorage,
        uids.ComprehensiveSRStorage,
        uids.Comprehensive3DSRStorage,
        uids.KeyObjectSelectionDocumentStorage,
        uids.XRayRadiationDoseSRStorage,
        uids.MammographyCADSRStorage,
        uids.ChestCADSRStorage,
        uids.GrayscaleSoftcopyPresentationStateStorage,
        uids.ColorSoftcopyPresentationStateStorage,
        uids.PseudoColorSoftcopyPresentationStateStorage,
        uids.XAXRFGrayscaleSoftcopyPresentationStateStorage,
        uids.EncapsulatedPDFStorage,
        uids.RawDataStorage,
        uids.TwelveLeadECGWaveformStorage,
        uids.RTPlanStorage,
        uids.RTStructureSetStorage,
    }
)

# Which classes a series of a modality holds, for nodes that do not say at IMAGE level.
_DOCUMENTS = (
    uids.BasicTextSRStorage,
    uids.EnhancedSRStorage,
    uids.ComprehensiveSRStorage,
    uids.Comprehensive3DSRStorage,
    uids.XRayRadiationDoseSRStorage,
    uids.MammographyCADSRStorage,
    uids.ChestCADSRStorage,
)
_CLASSES_OF_MODALITY: dict[str, tuple[UID, ...]] = {
    "CR": (uids.ComputedRadiographyImageStorage,),
    "CT": (
        uids.CTImageStorage,
        uids.EnhancedCTImageStorage,
        uids.LegacyConvertedEnhancedCTImageStorage,
    ),
    "DX": (
        uids.DigitalXRayImageStorageForPresentation,
        uids.DigitalXRayImageStorageForProcessing,
        uids.ComputedRadiographyImageStorage,
    ),
    "ECG": (uids.TwelveLeadECGWaveformStorage, uids.GeneralECGWaveformStorage),
    "GM": (uids.VLMicroscopicImageStorage, uids.VideoMicroscopicImageStorage),
    "IO": (
        uids.DigitalIntraOralXRayImageStorageForPresentation,
        uids.DigitalIntraOralXRayImageStorageForProcessing,
    ),
    "IVUS": (uids.UltrasoundMultiFrameImageStorage, uids.UltrasoundImageStorage),
    "KO": (uids.KeyObjectSelectionDocumentStorage,),
    "MG": (
        uids.DigitalMammographyXRayImageStorageForPresentation,
        uids.DigitalMammographyXRayImageStorageForProcessing,
        uids.BreastTomosynthesisImageStorage,
    ),
    "MR": (
        uids.MRImageStorage,
        uids.EnhancedMRImageStorage,
        uids.EnhancedMRColorImageStorage,
        uids.LegacyConvertedEnhancedMRImageStorage,
    ),
    "NM": (uids.NuclearMedicineImageStorage,),
    "OP": (
        uids.OphthalmicPhotography8BitImageStorage,
        uids.OphthalmicPhotography16BitImageStorage,
    ),
    "OPT": (uids.OphthalmicTomographyImageStorage,),
    "PR": (
        uids.GrayscaleSoftcopyPresentationStateStorage,
        uids.ColorSoftcopyPresentationStateStorage,
        uids.PseudoColorSoftcopyPresentationStateStorage,
        uids.XAXRFGrayscaleSoftcopyPresentationStateStorage,
    ),
    "PT": (uids.PositronEmissionTomographyImageStorage, uids.EnhancedPETImageStorage),
    "PX": (
        uids.DigitalXRayImageStorageForPresentation,
        uids.DigitalIntraOralXRayImageStorageForPresentation,
        uids.ComputedRadiographyImageStorage,
    ),
    "RF": (uids.XRayRadiofluoroscopicImageStorage, uids.EnhancedXRFImageStorage),
    "RTDOSE": (uids.RTDoseStorage,),
    "RTPLAN": (uids.RTPlanStorage,),
    "RTSTRUCT": (uids.RTStructureSetStorage,),
    "SEG": (uids.SegmentationStorage,),
    "SM": (uids.VLWholeSlideMicroscopyImageStorage, uids.VLSlideCoordinatesMicroscopicImageStorage),
    "SR": _DOCUMENTS,
    "US": (uids.UltrasoundImageStorage, uids.UltrasoundMultiFrameImageStorage),
    "XA": (uids.XRayAngiographicImageStorage, uids.EnhancedXAImageStorage),
    "XC": (
        uids.VLPhotographicImageStorage,
        uids.DermoscopicPhotographyImageStorage,
        uids.VideoPhotographicImageStorage,
    ),
    "DMS": (uids.DermoscopicPhotographyImageStorage, uids.VLPhotographicImageStorage),
    "ES": (uids.VLEndoscopicImageStorage, uids.VideoEndoscopicImageStorage),
    "DOC": (uids.EncapsulatedPDFStorage, uids.EncapsulatedCDAStorage),
}
_ANY_MODALITY = (
    uids.SecondaryCaptureImageStorage,
    uids.MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    uids.MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    uids.MultiFrameTrueColorSecondaryCaptureImageStorage,
    uids.MultiFrameSingleBitSecondaryCaptureImageStorage,
)

STORAGE_CLASSES: tuple[UID, ...] = tuple(
    dict.fromkeys(
        [
            *(sop_class for group in _CLASSES_OF_MODALITY.values() for sop_class in group),
            *_ANY_MODALITY,
            *sorted(_PLAIN_CLASSES),
            *sorted(_VIDEO_CLASSES),
        ]
    )
)
"""Every class of object that the embedded archive keeps."""


def classes_of_modality(modality: str) -> tuple[UID, ...]:
    """The classes that a series of `modality` may hold, the likeliest first; all when unknown."""
    likely = _CLASSES_OF_MODALITY.get(modality, ())
    rest = STORAGE_CLASSES if not likely else ()
    return tuple(dict.fromkeys([*likely, *_ANY_MODALITY, *rest]))


def syntaxes_of_class(sop_class: str) -> tuple[UID, ...]:
    """The transfer syntaxes in which objects of the class may be stored."""
    if sop_class in _PLAIN_CLASSES:
        return (*UNCOMPRESSED, uids.ExplicitVRBigEndian)
    return ALL_SYNTAXES if sop_class in _VIDEO_CLASSES else IMAGE_SYNTAXES


def offers(classes: Iterable[str], service: str) -> Iterator[list[PresentationContext]]:
    """Lists of contexts, each for one association: `service` first, then classes to receive.

    One context for each pair of class and transfer syntax: with a single one that lists all
    syntaxes an archive picks one and transcodes everything into it (spec B.2).
    """
    room = MOST_CONTEXTS - 1
    batch: list[PresentationContext] = []
    for sop_class in classes:
        wanted = [build_context(sop_class, syntax) for syntax in syntaxes_of_class(sop_class)]
        if len(batch) + len(wanted) > room:
            yield [build_context(service, list(UNCOMPRESSED)), *batch]
            batch = []
        batch += wanted
    if batch:
        yield [build_context(service, list(UNCOMPRESSED)), *batch]


def receiving_roles(
    contexts: Sequence[PresentationContext],
) -> list[SCP_SCU_RoleSelectionNegotiation]:
    """We receive every class but the service itself (the first context), as its SCP."""
    classes = dict.fromkeys(str(context.abstract_syntax) for context in contexts[1:])
    return [build_role(UID(sop_class), scp_role=True) for sop_class in classes]
