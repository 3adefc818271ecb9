"""When a delivery that failed is tried again."""

# Seconds after the first, second, … failed attempt; then it is given up. Quick at first: people wait.
DELAYS_S: tuple[int, ...] = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800)
LEASE_S = 6  # a sender that has not been heard of for so long is taken for dead
KEEP_EVERY_S = 2.0  # how often a living sender says that it is still at it


def next_delay_s(attempts: int) -> int | None:
    """Return seconds until the next attempt after `attempts` (from 1) failed ones, or None to give up."""
    return DELAYS_S[attempts - 1] if attempts <= len(DELAYS_S) else None
