"""`python -m wicketgate.cli` is `wicket`."""

from __future__ import annotations

from wicketgate.cli.app import main

main()
