"""Merging what is the same: a link that can be undone, with a choice for every fact."""
