"""A foreign site on this machine: a page without any rights, and a script."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"<!doctype html><meta charset=utf-8><title>foreign</title><body>foreign</body>"
SCRIPT = b"window.hostile = (window.hostile || 0) + 1;"


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        script = self.path.endswith(".js")
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if script else "text/html")
        self.end_headers()
        self.wfile.write(SCRIPT if script else PAGE)

    def log_message(self, *_said: object) -> None:
        """Say nothing."""


@contextmanager
def foreign_site() -> Iterator[int]:
    """Yield the port of a site that is not Gaswatch's."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
