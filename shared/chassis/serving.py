"""Serves an app until the process is told to stop."""

import asyncio
import socket
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from shared.chassis.service import StartError

UNREAD_S_MAX = 60


async def serve(
    app: FastAPI,
    host: str,
    port: int,
    tls: tuple[Path, Path] | None = None,
    *,
    unread_s_max: int = UNREAD_S_MAX,
) -> None:
    """Serve until cancelled, with TLS by (certificate, key); a port that is taken is one sentence.

    A peer that takes nothing of its answer for `unread_s_max` loses its connection: a stream or a file that
    nobody reads would last for ever, and all that it holds.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit it; the kernel counts an answer that waits before a closed window, too.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unread_s_max * 1000)
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
