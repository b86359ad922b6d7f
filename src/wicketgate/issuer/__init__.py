"""The gateway as an OpenID Connect issuer: its keys, what it publishes, and the tokens that it signs."""
