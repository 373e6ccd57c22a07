"""Contests on pages: the list for both teams, opening one, and the judge's page with both facts."""
