"""`python -m deploy.native demo|engines|stop|status|otp|audit-verify|run -- PROGRAM`."""

import argparse
import signal
import sys
from typing import Never

from deploy.native.errors import SetupError, Terminated


def _terminated(*_: object) -> Never:
    raise Terminated


def main() -> int:
    """Run one command; a setup error is one sentence on stderr and exit code 1, an interruption 130."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        return _run()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or 'The state folder'} cannot be used: {error.strerror}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run() -> int:
    from deploy.native import commands  # late: an interruption while it loads is one like any other

    parser = argparse.ArgumentParser(prog="python -m deploy.native", description=__doc__)
    parser.add_argument("command", choices=sorted(commands.COMMANDS))
    parser.add_argument("rest", nargs=argparse.REMAINDER)
    chosen = parser.parse_args()
    return commands.COMMANDS[chosen.command](chosen.rest)


if __name__ == "__main__":
    sys.exit(main())
