#!/usr/bin/env python
"""Django's command line, with the project's own engines up while a command runs."""

import os
import sys

from django.core.management import execute_from_command_line

import engines

WITHOUT_ENGINES = {"help", "version", "--help", "--version", "makemessages", "compilemessages"}


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    if len(sys.argv) < 2 or sys.argv[1] in WITHOUT_ENGINES:
        execute_from_command_line(sys.argv)
        return
    with engines.running():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
