"""The client's side of PostgreSQL's start: its messages, and SCRAM-SHA-256 (RFC 5802, RFC 7677)."""

import base64
import hashlib
import hmac
import secrets
import socket

from ocr_platform.logins import Login

_VERSION_3 = (196608).to_bytes(4, "big")
_AUTHENTICATION = b"R"
_OK, _SASL, _SASL_CONTINUE, _SASL_FINAL = 0, 10, 11, 12


class UpstreamRefused(Exception):
    """The server's own error message, to be handed on."""

    def __init__(self, message: bytes) -> None:
        super().__init__(message)
        self.message = message


def exactly(connection: socket.socket, length: int) -> bytes:
    """So many bytes; ConnectionAbortedError when the other side closes before."""
    data = b""
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            raise ConnectionAbortedError("closed in the middle of a message")
        data += part
    return data


def read_typed(connection: socket.socket) -> tuple[bytes, bytes]:
    """Type and content of the next message."""
    kind = exactly(connection, 1)
    return kind, read_untyped(connection)


def read_untyped(connection: socket.socket) -> bytes:
    """The content of the next message of those that have no type: the first ones of a client."""
    length = int.from_bytes(exactly(connection, 4), "big")
    if not 4 <= length <= 2**20:
        raise ConnectionAbortedError("no message of PostgreSQL's")
    return exactly(connection, length - 4)


def framed(kind: bytes, content: bytes) -> bytes:
    return kind + (len(content) + 4).to_bytes(4, "big") + content


def log_in(upstream: socket.socket, parameters: dict[str, str], login: Login) -> bytes:
    """Begin a session as `login`, and return the server's message that the password was right."""
    fields = parameters | {"user": login.user}
    packed = b"".join(f"{name}\0{value}\0".encode() for name, value in fields.items())
    upstream.sendall(framed(b"", _VERSION_3 + packed + b"\0"))
    _expect(upstream, _SASL)
    own = f"n=,r={secrets.token_urlsafe(18)}"
    first = f"n,,{own}".encode()
    upstream.sendall(framed(b"p", b"SCRAM-SHA-256\0" + len(first).to_bytes(4, "big") + first))
    challenge = _expect(upstream, _SASL_CONTINUE).decode()
    upstream.sendall(framed(b"p", _proved(own, challenge, login.password).encode()))
    _expect(upstream, _SASL_FINAL)
    _expect(upstream, _OK)
    return framed(_AUTHENTICATION, _OK.to_bytes(4, "big"))


def _expect(upstream: socket.socket, wanted: int) -> bytes:
    kind, content = read_typed(upstream)
    if kind != _AUTHENTICATION:
        raise UpstreamRefused(framed(kind, content))
    found = int.from_bytes(content[:4], "big")
    if found != wanted:
        raise ValueError(f"PostgreSQL asks for authentication {found}, not {wanted}")
    return content[4:]


def _proved(own: str, challenge: str, password: str) -> str:
    """The last message of the client. The server is on this machine: its own proof is not looked at."""
    fields = dict(part.split("=", 1) for part in challenge.split(","))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    last = f"c=biws,r={fields['r']}"
    text = f"{own},{challenge},{last}".encode()
    signature = hmac.digest(hashlib.sha256(client_key).digest(), text, "sha256")
    proof = bytes(one ^ other for one, other in zip(client_key, signature, strict=True))
    return f"{last},p={base64.b64encode(proof).decode()}"
