"""``python -m engines exec [--profile test] -- COMMAND``: run a command while the engines run.

The Makefile runs tests, checks and management commands in this way. The command finds the addresses
in ``DATABASE_URL`` and ``REDIS_URL``.
"""

import argparse
import os
import signal
import subprocess
import sys
from types import FrameType

from engines import EngineError, EngineUrls, running
from engines.data_directory import PROFILES


def main() -> int:
    """Run the command from the command line and return its exit code; 1 if no engine can start."""
    parser = argparse.ArgumentParser(prog="python -m engines")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("exec", help="run a command while the engines run")
    command.add_argument("--profile", choices=PROFILES, default="default")
    command.add_argument("command", nargs="+", help="the command, after --")
    arguments = parser.parse_args()
    try:
        with running(arguments.profile) as urls:
            return _run_command(arguments.command, urls)
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _run_command(command: list[str], urls: EngineUrls) -> int:
    """Run the command and return its exit code as a shell would.

    That is 127 if the command cannot be started, and 128 + number if a signal ended it. SIGTERM and
    SIGHUP are passed to the command and do not end this process, which has to stop the engines
    afterwards.
    """
    environment = os.environ | {
        "DATABASE_URL": urls.database_url,
        "REDIS_URL": urls.redis_url,
    }
    try:
        child = subprocess.Popen(command, env=environment)
    except OSError as error:
        sys.stderr.write(f"Cannot run {command[0]}: {error.strerror}\n")
        return 127

    def forward_signal(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    # On Ctrl-C the terminal sends SIGINT to the command too, so it is not forwarded.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, forward_signal)
    signal.signal(signal.SIGHUP, forward_signal)
    exit_code = child.wait()
    # Popen reports the end by signal n as -n.
    return exit_code if exit_code >= 0 else 128 - exit_code


if __name__ == "__main__":
    sys.exit(main())
