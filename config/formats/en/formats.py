"""The shared formats."""

from config.formats.shared import *  # noqa: F403
