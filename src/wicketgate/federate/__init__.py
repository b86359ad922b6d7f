"""Setting up a cloud's trust in the gateway: what to apply, and what the cloud's refusals mean."""
