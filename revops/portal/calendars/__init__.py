"""Business calendars: whose hours count, which days are off, and what the next weeks look like."""
