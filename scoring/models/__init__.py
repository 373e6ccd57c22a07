"""The tables of this floor, one file per noun."""
