"""One file a public set: its layout as its documentation states it, and how rows come of it."""
