"""Vetting: any list judged as if it came in, and taken back, so that nothing is left but the answer."""
