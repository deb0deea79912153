"""The house's own."""

from config.formats.house import *  # noqa: F403
