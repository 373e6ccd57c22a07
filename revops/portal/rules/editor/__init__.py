"""The rule editor: a draft as a form of sentences with blanks, kept whole while it is half filled in."""
