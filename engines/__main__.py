"""``python -m engines exec [--profile test] -- COMMAND``: run a command while the engines run."""

import argparse
import os
import signal
import subprocess
import sys
from types import FrameType

from engines import EngineError, EngineUrls, running
from engines.data_directory import PROFILES


def main() -> int:
    """Run the command from the command line and return its exit code."""
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

    # The terminal sends Ctrl-C to the command too, so this process only waits for it to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, forward_signal)
    signal.signal(signal.SIGHUP, forward_signal)
    exit_code = child.wait()
    return exit_code if exit_code >= 0 else 128 - exit_code


if __name__ == "__main__":
    sys.exit(main())
