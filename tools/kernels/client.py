"""What Jupyter starts in place of a kernel: it asks `server.py` for one, and lives as long as it.

    python tools/kernels/client.py SOCKET -f CONNECTION_FILE ...

Without a server it becomes an ordinary kernel. It ends in silence: whoever started it knows why.
"""

from contextlib import suppress
import json
import os
import signal
import socket
import sys

LOOKS_AFTER = 1.0  # seconds between two looks at whether whoever started this is still there


def become_ordinary(arguments: list[str]) -> None:
    """Turn into a kernel that imports everything itself."""
    os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", *arguments])


def ask(server: socket.socket, arguments: list[str]) -> bool:
    """Ask for a kernel; return whether there is one."""
    request = {"arguments": arguments, "cwd": os.getcwd(), "env": dict(os.environ)}
    try:
        socket.send_fds(server, [b" "], [0, 1, 2])
        server.sendall(json.dumps(request).encode() + b"\n")
        return server.recv(1) == b"k"
    except OSError:
        return False


def wait_for_end(server: socket.socket, parent: int) -> None:
    """Return when the kernel has ended, or when this process's parent is another than before."""
    server.settimeout(LOOKS_AFTER)
    while os.getppid() == parent:
        try:
            server.recv(1)  # nothing comes: the kernel has ended
        except TimeoutError:
            continue
        except OSError:
            pass
        return


def main(path: str, arguments: list[str]) -> None:
    """Ask for a kernel, pass on interrupts, and wait for its end."""
    parent = os.getppid()
    server = socket.socket(socket.AF_UNIX)

    def pass_on(*_: object) -> None:
        with suppress(OSError):
            server.send(b"i")

    signal.signal(signal.SIGINT, lambda *_: None)  # there is nothing to interrupt yet
    try:
        server.connect(path)
    except OSError:
        return become_ordinary(arguments)
    if not ask(server, arguments):
        return become_ordinary(arguments)
    signal.signal(signal.SIGINT, pass_on)
    return wait_for_end(server, parent)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
