"""What the user wrote with variables in it, as it is at this moment."""

from __future__ import annotations

from wicketgate.control.secret_values import BadSecretError
from wicketgate.control.variables import Variables
from wicketgate.ir.secrets import TextSecret, VariableRef
from wicketgate.secret_value import SecretValue


class VariableTexts:
    """Resolves texts by the variables of the environment (`broker.source.Texts`)."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables

    def token(self) -> object:
        """Return what differs once any text may have changed."""
        return self._variables.token()

    def text(self, secret: TextSecret) -> SecretValue:
        """Return the text. Raises `WicketError` for a variable that is not set or empty."""
        return SecretValue("".join(self._part(part) for part in secret.parts))

    def _part(self, part: str | VariableRef) -> str:
        if isinstance(part, str):
            return part
        variable = self._variables.lookup(part.name)
        if variable is None or not variable.value:
            raise BadSecretError(
                f"the variable {part.name} is {'not set' if variable is None else 'empty'}",
                hint=f"set it with `wicket env set {part.name} --secret`",
            )
        return variable.value.reveal()
