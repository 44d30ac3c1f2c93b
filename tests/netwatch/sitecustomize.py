"""Writes down every look-up and connection outside loopback that a Python process of the product tries.

Loaded by Python itself when its folder is on PYTHONPATH; runs in both environments.
"""

import os
import sys

LOG = os.environ.get("NETWATCH_LOG")
LOCAL = ("127.", "::1", "localhost", "0.0.0.0")


def _watch(event, arguments):  # type: ignore[no-untyped-def]
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode("latin-1")
    if host is None:
        return
    kind = "local" if str(host).startswith(LOCAL) or host == "" else "OUTSIDE"
    with open(LOG, "a") as log:
        log.write(kind + " " + str(host) + " " + " ".join(sys.argv[:3]) + "\n")


if LOG:
    # its sockets are not Python's, so the hook would not see them
    sys.modules["uvloop"] = None
    sys.addaudithook(_watch)
