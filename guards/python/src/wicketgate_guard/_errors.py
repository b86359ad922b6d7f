"""What a guard raises."""


class GuardConfigurationError(ValueError):
    """The guard cannot be made as asked. The text says where, why and what to do, and holds no value."""
