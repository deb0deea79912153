"""``python -m engines exec [--profile test] -- COMMAND``: run it with the engines up."""

import argparse
import os
import signal
import subprocess
import sys
from types import FrameType

from engines import EngineError, EngineUrls, running
from engines.data_directory import PROFILES


def main() -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m engines")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("exec", help="run a command with the engines up")
    command.add_argument("--profile", choices=PROFILES, default="default")
    command.add_argument("command", nargs="+", help="the command, after --")
    asked = parser.parse_args()
    try:
        with running(asked.profile) as addresses:
            return _execute(asked.command, addresses)
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _execute(command: list[str], addresses: EngineUrls) -> int:
    environment = os.environ | {
        "DATABASE_URL": addresses.database_url,
        "REDIS_URL": addresses.redis_url,
    }
    try:
        child = subprocess.Popen(command, env=environment)
    except OSError as error:
        sys.stderr.write(f"Cannot run {command[0]}: {error.strerror}\n")
        return 127

    def pass_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    # Ctrl-C reaches the command from the terminal; we only wait for it to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGHUP, pass_on)
    code = child.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
