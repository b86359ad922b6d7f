"""One file per source of credentials; each stands as `SOURCE` in its file."""
