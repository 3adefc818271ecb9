"""Whether a service lives and whether it is ready for work."""

from collections.abc import Callable


class Health:
    """Named facts; the service is ready when all of them hold."""

    def __init__(self) -> None:
        self._facts: dict[str, tuple[bool, str]] = {}
        self._checks: dict[str, Callable[[], tuple[bool, str]]] = {}

    def set(self, name: str, ok: bool, detail: str = "") -> None:
        """Record a fact."""
        self._facts[name] = (ok, detail)

    def check(self, name: str, function: Callable[[], tuple[bool, str]]) -> None:
        """Ask `function` whenever somebody wants to know."""
        self._checks[name] = function

    def report(self) -> dict[str, dict[str, object]]:
        """Return every fact with its detail."""
        facts = self._facts | {name: function() for name, function in self._checks.items()}
        return {name: {"ok": ok, "detail": detail} for name, (ok, detail) in sorted(facts.items())}

    @property
    def ready(self) -> bool:
        """Return whether every fact holds."""
        return all(fact["ok"] for fact in self.report().values())
