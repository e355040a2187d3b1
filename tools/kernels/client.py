"""What Jupyter starts in place of a kernel: it asks `server.py` for one, and lives as long as it.

    python tools/kernels/client.py SOCKET -f CONNECTION_FILE ...

Without a server it becomes an ordinary kernel.
"""

import json
import os
import signal
import socket
import sys


def main(path: str, arguments: list[str]) -> None:
    """Ask for a kernel, pass on interrupts, and wait for its end."""
    server = socket.socket(socket.AF_UNIX)
    try:
        server.connect(path)
    except OSError:
        os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", *arguments])
    signal.signal(signal.SIGINT, lambda *_: server.send(b"i"))
    request = {"arguments": arguments, "cwd": os.getcwd(), "env": dict(os.environ)}
    socket.send_fds(server, [b" "], [0, 1, 2])
    server.sendall(json.dumps(request).encode() + b"\n")
    server.recv(1)  # nothing comes: the kernel has ended


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
