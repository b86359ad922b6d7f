"""Variables of one environment: the store first, then the environment of the process, then `.env`.

The store wins because it is what `wicket env` changes, live and with rotation: a value left in a shell must not
silently keep an old secret in use.
"""

from __future__ import annotations

from wicketgate.variables.dotenv_file import DotenvError
from wicketgate.variables.live import LiveVariables, Variable, open_variables
from wicketgate.variables.names import ENVIRONMENTS, EnvironmentName, VariableNameError, check_name, check_value

__all__ = [
    "ENVIRONMENTS",
    "DotenvError",
    "EnvironmentName",
    "LiveVariables",
    "Variable",
    "VariableNameError",
    "check_name",
    "check_value",
    "open_variables",
]
