"""Credentials with an end: obtained, renewed and handed out, never inside a request."""
