"""A signed report in the forms that other systems take: FHIR, HL7, plain paragraphs."""
