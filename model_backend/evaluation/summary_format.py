"""What the JSON of an evaluation calls itself; no torch."""

FORMAT, VERSION = "wetread evaluation", 1
