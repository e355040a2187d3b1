"""How the long commands end when somebody stops them."""

from collections.abc import Iterator
from contextlib import contextmanager
import signal
import sys

STOPPED = 130  # the status of a command that was ended by Ctrl-C


@contextmanager
def stoppable(kept: str = "") -> Iterator[None]:
    """End with a sentence, not with a traceback, on Ctrl-C; a request to end counts as one.

    Parameters
    ----------
    kept : str
        What to say about the work that was done before.
    """
    # Not by way of SIGINT, which is ignored in what a shell started in the background.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        print(f"\nStopped. {kept}".rstrip(), flush=True)
        sys.exit(STOPPED)
