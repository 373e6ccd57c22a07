"""Keys of machines: what each may do, in sentences, and the life of its secret."""
