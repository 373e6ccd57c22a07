"""Measures how fast the portal is, against a bare baseline in the same run, on a database of its own."""
