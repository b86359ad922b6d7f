"""Certificates, keys and the private authority. Pure: no files, no store, and the clock comes in as `now`."""
