"""The agreement between marketing and sales: drafted in minutes, signed by both heads, kept in versions."""
