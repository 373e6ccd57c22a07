"""What people may ask about their own data: to read it, to have it erased; and how long what is kept."""
