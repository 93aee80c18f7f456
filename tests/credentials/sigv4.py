"""AWS Signature Version 4, from the side of the service: what was signed, and whether with this secret.

Written from its documentation ("Create a signed AWS API request") and not with botocore's, which is what is tested.
Signatures of the chunks of a body are not looked at; clients here leave them out.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote

from tests.credentials.http_server import Request

_ALGORITHM = "AWS4-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    _ALGORITHM + r" +Credential=(?P<key>[^/]+)/(?P<scope>\d{8}/[^/]+/[^/]+/aws4_request), *"
    r"SignedHeaders=(?P<signed>[^,]+), *Signature=(?P<signature>[0-9a-f]{64})"
)
_HASH = re.compile("[0-9a-f]{64}")
_UNRESERVED = "-_.~"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of who made it; `text` is what must have been signed."""

    access_key: str
    scope: str
    token: str | None
    text: str
    signature: str

    @property
    def service(self) -> str:
        return self.scope.split("/")[2]

    def signed_with(self, secret_key: str) -> bool:
        """Recompute the signature with this secret."""
        key = b"AWS4" + secret_key.encode()
        for part in self.scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.compare_digest(hmac.digest(key, self.text.encode(), "sha256").hex(), self.signature)


def claim_of_request(request: Request) -> Claim | None:
    """By its Authorization header; None without one, or with one that is none of version 4."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    if found is None:
        return None
    path, _, query = request.target.partition("?")
    names = found["signed"].split(";")
    if "host" not in names:  # not accepted by AWS; with a text that nobody signs, it is not here either
        return Claim(found["key"], found["scope"], None, "", found["signature"])
    lines = [
        request.method,
        _canonical_path(path, "s3" if "/s3/" in found["scope"] else ""),
        _canonical_query(query),
        *(f"{name}:{_canonical_header(request, name)}" for name in names),
        "",
        found["signed"],
        _payload(request),
    ]
    text = _text("\n".join(lines), request.headers.get("X-Amz-Date", ""), found["scope"])
    return Claim(found["key"], found["scope"], request.headers.get("X-Amz-Security-Token"), text, found["signature"])


def claim_of_query(host: str, query: str) -> Claim | None:
    """By a presigned query, for GET of "/" with no header but the host."""
    fields = {name: values[0] for name, values in parse_qs(query).items()}
    key, _, scope = fields.get("X-Amz-Credential", "").partition("/")
    if fields.get("X-Amz-Algorithm") != _ALGORITHM or fields.get("X-Amz-SignedHeaders") != "host" or not scope:
        return None
    unsigned = "&".join(part for part in query.split("&") if not part.startswith("X-Amz-Signature="))
    empty = hashlib.sha256(b"").hexdigest()
    lines = ["GET", "/", _canonical_query(unsigned), f"host:{host}", "", "host", empty]
    text = _text("\n".join(lines), fields.get("X-Amz-Date", ""), scope)
    return Claim(key, scope, fields.get("X-Amz-Security-Token"), text, fields.get("X-Amz-Signature", ""))


def _text(canonical: str, date: str, scope: str) -> str:
    return "\n".join([_ALGORITHM, date, scope, hashlib.sha256(canonical.encode()).hexdigest()])


def _canonical_path(path: str, service: str) -> str:
    """S3 signs it encoded once, as it is sent; the others sign that encoded once more."""
    sent = quote(unquote(path), safe="/" + _UNRESERVED)
    return sent if service == "s3" else quote(sent, safe="/" + _UNRESERVED)


def _canonical_query(query: str) -> str:
    pairs = (part.partition("=") for part in query.split("&") if part)
    return "&".join(sorted(f"{_encoded(name)}={_encoded(value)}" for name, _, value in pairs))


def _encoded(part: str) -> str:
    return quote(unquote(part), safe=_UNRESERVED)


def _canonical_header(request: Request, name: str) -> str:
    return ",".join(" ".join(str(value).split()) for value in request.headers.get_all(name, []))


def _payload(request: Request) -> str:
    """The hash of the body as it came, unless the request says that the body is not signed, or in chunks."""
    said = request.headers.get("X-Amz-Content-SHA256")
    if said is None or _HASH.fullmatch(said):
        return hashlib.sha256(request.body).hexdigest()
    return said
