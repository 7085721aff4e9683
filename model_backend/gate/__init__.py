"""Does a picture look like an upright frontal chest film: small and fitted; no torch."""
