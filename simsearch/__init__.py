"""Search for Chinese text that a team can own."""

__version__ = "0.1.0"
