"""Resolve: the names that a project uses meet what they name."""
