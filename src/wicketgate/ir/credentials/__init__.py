"""Credentials that the broker obtains, described without a value: one file per family."""
