"""The rulebook on pages: read in sentences, changed in drafts, signed by both sides, published, and rescored."""
