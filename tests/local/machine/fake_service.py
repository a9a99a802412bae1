"""A TLS server for tests of the supervisor: run as a script, with certificate and port."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import sys
from pathlib import Path


def main(certificate: str, port: int, notes: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    reloads = notes / "reloads"
    signal.signal(signal.SIGHUP, lambda *_: reloads.write_text(reloads.read_text() + "x"))
    reloads.touch()
    (notes / "environment").write_text("\n".join(f"{k}={v}" for k, v in os.environ.items()))
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            client, _ = listener.accept()
            try:
                context.wrap_socket(client, server_side=True).close()
            except OSError:
                client.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
