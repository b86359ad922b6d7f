"""Control: compiles the project, gives Envoy its resources and secrets, and says how it stands."""
