"""The peers: each module configures one server for the job, as somebody who knows it well would."""
