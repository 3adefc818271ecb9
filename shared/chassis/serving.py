"""Serves an app until the process is told to stop."""

import asyncio
import socket
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from shared.chassis.service import StartError


async def serve(app: FastAPI, host: str, port: int, tls: tuple[Path, Path] | None = None) -> None:
    """Serve until cancelled, with TLS by (certificate, key); a port that is taken is one sentence."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise StartError(f"port {port} on {host} is taken ({error.strerror}); set GW_HTTP_PORT.") from error
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
        loop="none",
        # Where a request comes from says its connection: throttling and the audit chain rest on that.
        proxy_headers=False,
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=tls[1] if tls else None,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    config.load()
    server.lifespan = config.lifespan_class(config)
    try:
        await server.startup(sockets=[listener])
        await server.main_loop()
    except asyncio.CancelledError:
        server.should_exit = True
        await asyncio.shield(server.shutdown(sockets=[listener]))
        raise
    finally:
        listener.close()
