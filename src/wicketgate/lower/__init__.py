"""Lower: resolved names become the gateway's intermediate representation."""
