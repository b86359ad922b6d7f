"""Load: a folder as documents that know the line and column of everything in them."""
