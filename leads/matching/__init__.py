"""Matching: who may be the same, how sure that is, and why; it proposes and never merges."""
