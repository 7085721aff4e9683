"""The words that every report carries: research use only, and what an unsigned one is."""

from __future__ import annotations

RESEARCH_TITLE = "Research use only"
DRAFT_TITLE = "AI DRAFT – UNVERIFIED"

PRELIMINARY_TITLE = "PRELIMINARY – UNVERIFIED"

RESEARCH_NOTICE = "Research use only. Not for clinical use."
DRAFT_NOTICE = "AI DRAFT – UNVERIFIED. No physician has signed this text."
PRELIMINARY_NOTICE = "PRELIMINARY – UNVERIFIED. A reader has released this text, not signed it."

DRAFT_DESCRIPTION = "AI-generated draft, not reviewed"
REVIEWED_DRAFT_DESCRIPTION = "AI-generated draft, under review, not verified"
PRELIMINARY_DESCRIPTION = "Preliminary report by a reader, not verified"

NOTICES = (RESEARCH_NOTICE, DRAFT_NOTICE, PRELIMINARY_NOTICE)
