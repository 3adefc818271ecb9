"""`python -m deploy.native audit-verify|demo|engines|otp|screenshots|status|stop|run -- PROGRAM`."""

import argparse
import os
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
    except BrokenPipeError:  # whoever reads has had enough, as `head` has
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # or the interpreter complains at its end
        return 0
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
    code = commands.COMMANDS[chosen.command](chosen.rest)
    sys.stdout.flush()  # here, where a reader who went away is no error
    return code


if __name__ == "__main__":
    sys.exit(main())
