"""Absences: one's own, and those of everybody for whoever plans; typed in or taken from an .ics file."""
