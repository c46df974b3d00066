"""djinit's end of the channel by which Python tells it what happens."""

import json
import socket
from typing import Any


def reports(channel: socket.socket) -> list[dict[str, Any]]:
    """All, when the other end is closed."""
    said = b""
    while piece := channel.recv(65_536):
        said += piece
    return [json.loads(each) for each in said.split(b"\x1e") if each]
