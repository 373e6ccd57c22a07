"""Tests of imports, from the file to the report."""
