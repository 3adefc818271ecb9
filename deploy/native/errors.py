"""What goes wrong while setting up, said in one sentence."""


class SetupError(Exception):
    """Something is missing or in the way; its text is one sentence that says what to do."""


class Terminated(KeyboardInterrupt):
    """SIGTERM, which unlike Ctrl-C has reached this process only."""
