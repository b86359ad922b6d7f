"""The command `wicket`: one file a command, thin over functions. Only here is the environment read."""
