"""Validate: what the user may write, as frozen types. An unknown key is an error."""
