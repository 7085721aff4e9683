"""Which attributes stay, go or are emptied when identity is removed (PS3.15 table E.1-1).

Where the table allows to remove or to clean, we remove.
"""

from __future__ import annotations

NUMBERS = frozenset("DS IS FD FL SL SS UL US SV UV AT".split())

# Numbers about the person rather than the image.
DROPPED_NUMBERS = frozenset(
    {
        "PatientSize",
        "PatientWeight",
        "PregnancyStatus",
        "PatientBodyMassIndex",
        "MeasuredAPDimension",
        "MeasuredLateralDimension",
        "AdmissionID",
        "NumberOfStudyRelatedInstances",
        "TrialSubjectNumber",
    }
)

# Type 2 attributes: there, without a value.
EMPTIED = (
    "PatientBirthDate",
    "PatientSex",
    "ReferringPhysicianName",
    "AccessionNumber",
    "StudyID",
)

# Type 2 elsewhere: empty where the image has them.
LEFT_EMPTY = frozenset(
    {
        "Manufacturer",
        "PositionReferenceIndicator",
        "Laterality",
        "PatientOrientation",
        "AcquisitionContextSequence",
        "ContentDescription",
        "ContentCreatorName",
    }
)

# Type 1 somewhere: a word that says nothing.
DUMMY = "REMOVED"
DUMMIED = frozenset(
    {
        "Manufacturer",
        "ManufacturerModelName",
        "DeviceSerialNumber",
        "SoftwareVersions",
        "ContentLabel",
        "SegmentLabel",
        "SegmentAlgorithmName",
    }
)

# Texts (LO, SH and others) that say how an image was made, from short lists of a maker's words.
KEPT_TEXT = frozenset(
    {
        "ConvolutionKernel",
        "RescaleType",
        "SequenceName",
        "PulseSequenceName",
        "Grid",
        "FilterMaterial",
        "TransducerType",
        "ModalityLUTType",
        "PresentationIntentType",
        "ApplicableSafetyStandardAgency",
        "StackID",
        "DimensionDescriptionLabel",
    }
)

# Binary values that make the picture.
KEPT_BINARY = frozenset(
    {
        "PixelData",
        "FloatPixelData",
        "DoubleFloatPixelData",
        "ExtendedOffsetTable",
        "ExtendedOffsetTableLengths",
        "LUTData",
        "RedPaletteColorLookupTableData",
        "GreenPaletteColorLookupTableData",
        "BluePaletteColorLookupTableData",
        "AlphaPaletteColorLookupTableData",
        "SegmentedRedPaletteColorLookupTableData",
        "SegmentedGreenPaletteColorLookupTableData",
        "SegmentedBluePaletteColorLookupTableData",
        "ICCProfile",
    }
)

# Code sequences whose codes describe the picture; all others go.
CODES_KEPT = frozenset(
    {
        "ViewCodeSequence",
        "ViewModifierCodeSequence",
        "AnatomicRegionSequence",
        "AnatomicRegionModifierSequence",
        "PrimaryAnatomicStructureSequence",
        "PrimaryAnatomicStructureModifierSequence",
        "MeasurementUnitsCodeSequence",
        "RadionuclideCodeSequence",
        "IlluminationTypeCodeSequence",
        "IlluminationColorCodeSequence",
        "PatientOrientationCodeSequence",
        "PatientOrientationModifierCodeSequence",
        "PatientGantryRelationshipCodeSequence",
        "AcquisitionDeviceTypeCodeSequence",
        "DerivationCodeSequence",
        "SegmentedPropertyCategoryCodeSequence",
        "SegmentedPropertyTypeCodeSequence",
        "PurposeOfReferenceCodeSequence",
        "ChannelDescriptionCodeSequence",
    }
)

# Whatever their VR. Dates of the person, devices, requests, signatures, trials, codes of words.
DROPPED = frozenset(
    {
        "PatientBirthDate",
        "PatientBirthTime",
        "PatientBirthDateInAlternativeCalendar",
        "PatientDeathDateInAlternativeCalendar",
        "PatientAlternativeCalendar",
        "LastMenstrualDate",
        "PatientSex",
        "PatientSexNeutered",
        "SmokingStatus",
        "ResponsiblePersonRole",
        "TypeOfPatientID",
        "PatientSpeciesCodeSequence",
        "PatientBreedCodeSequence",
        "BreedRegistrationSequence",
        "OtherPatientIDsSequence",
        "IssuerOfPatientIDQualifiersSequence",
        "ReferencedPatientSequence",
        "ReferencedPatientPhotoSequence",
        "PatientIdentityRemoved",
        "DeidentificationMethodCodeSequence",
        "LongitudinalTemporalInformationModified",
        "SpecificCharacterSet",
        "TimezoneOffsetFromUTC",
        "RequestAttributesSequence",
        "ReferencedRequestSequence",
        "RequestedProcedureCodeSequence",
        "PerformedProtocolCodeSequence",
        "ScheduledProtocolCodeSequence",
        "ProcedureCodeSequence",
        "AdmittingDiagnosesCodeSequence",
        "InstitutionCodeSequence",
        "PersonIdentificationCodeSequence",
        "OperatorIdentificationSequence",
        "PerformingPhysicianIdentificationSequence",
        "ReferringPhysicianIdentificationSequence",
        "PhysiciansOfRecordIdentificationSequence",
        "PhysiciansReadingStudyIdentificationSequence",
        "ConsultingPhysicianIdentificationSequence",
        "IssuerOfAccessionNumberSequence",
        "IssuerOfAdmissionIDSequence",
        "ContributingEquipmentSequence",
        "OriginalAttributesSequence",
        "ModifiedAttributesSequence",
        "DigitalSignaturesSequence",
        "MACParametersSequence",
        "EncryptedAttributesSequence",
        "ReferencedPerformedProcedureStepSequence",
        "ReferencedStudySequence",
        "DateOfLastCalibration",
        "TimeOfLastCalibration",
        "DateOfManufacture",
        "DateOfInstallation",
        "DeviceUID",
        "DetectorID",
        "ClinicalTrialTimePointTypeCodeSequence",
        "ConsentForClinicalTrialUseSequence",
        "SpecimenDescriptionSequence",
        "ContainerComponentSequence",
        "AcquisitionContextSequence",
        "ContentSequence",
        "IconImageSequence",
        "ContentLabel",
        "StorageMediaFileSetUID",
        "InstanceCreatorUID",
    }
)
