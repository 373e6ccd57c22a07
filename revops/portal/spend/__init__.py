"""What was spent: stated by month, imported by file, undone as a whole."""
