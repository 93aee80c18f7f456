"""How S3, the services with JSON (KMS, Secrets Manager) and those with forms (STS) say no."""

import json
from typing import NamedTuple
from uuid import uuid4
from xml.sax.saxutils import escape

from tests.credentials.http_server import Answer, Request
from tests.credentials.keys import Refusal


class _Said(NamedTuple):
    code: str
    status: int
    message: str


_MISMATCH = "The request signature we calculated does not match the signature you provided."
_S3 = {
    Refusal.UNSIGNED: _Said("AccessDenied", 403, "Access Denied"),
    Refusal.UNKNOWN_KEY: _Said(
        "InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."
    ),
    Refusal.WRONG_TOKEN: _Said("InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
    Refusal.EXPIRED: _Said("ExpiredToken", 400, "The provided token has expired."),
    Refusal.WRONG_SIGNATURE: _Said("SignatureDoesNotMatch", 403, f"{_MISMATCH} Check your key and signing method."),
    Refusal.DENIED: _Said("AccessDenied", 403, "Access Denied"),
    Refusal.UNAVAILABLE: _Said("ServiceUnavailable", 503, "Service is unable to handle request."),
}
_INVALID = "The security token included in the request is invalid."
_EXPIRED = "The security token included in the request is expired"
_JSON = {
    Refusal.UNSIGNED: _Said("MissingAuthenticationTokenException", 400, "Missing Authentication Token"),
    Refusal.UNKNOWN_KEY: _Said("UnrecognizedClientException", 400, _INVALID),
    Refusal.WRONG_TOKEN: _Said("UnrecognizedClientException", 400, _INVALID),
    Refusal.EXPIRED: _Said("ExpiredTokenException", 400, _EXPIRED),
    Refusal.WRONG_SIGNATURE: _Said(
        "InvalidSignatureException", 400, f"{_MISMATCH} Check your AWS Secret Access Key and signing method."
    ),
    Refusal.DENIED: _Said("AccessDeniedException", 400, "User is not authorized to perform this operation."),
    Refusal.UNAVAILABLE: _Said("InternalServiceError", 500, "An error occurred on the server side."),
}
_FORM = {
    Refusal.UNSIGNED: _Said("MissingAuthenticationToken", 403, "Request is missing Authentication Token"),
    Refusal.UNKNOWN_KEY: _Said("InvalidClientTokenId", 403, _INVALID),
    Refusal.WRONG_TOKEN: _Said("InvalidClientTokenId", 403, _INVALID),
    Refusal.EXPIRED: _Said("ExpiredToken", 403, _EXPIRED),
    Refusal.WRONG_SIGNATURE: _Said(
        "SignatureDoesNotMatch", 403, f"{_MISMATCH} Check your AWS Secret Access Key and signing method."
    ),
    Refusal.DENIED: _Said("AccessDenied", 403, "User is not authorized to perform this operation."),
    Refusal.UNAVAILABLE: _Said("ServiceUnavailable", 503, "Service is unable to handle request."),
}


def refuse(request: Request, refusal: Refusal) -> tuple[str, Answer]:
    """The error's code, and the answer in the form of the service that was asked."""
    identity = str(uuid4())
    if "X-Amz-Target" in request.headers:
        said = _JSON[refusal]
        return said.code, _json(said, identity)
    if request.form():
        said = _FORM[refusal]
        return said.code, _form(said, identity)
    said = _S3[refusal]
    return said.code, _s3(said, identity)


def _json(said: _Said, identity: str) -> Answer:
    headers = [("x-amzn-RequestId", identity), ("Content-Type", "application/x-amz-json-1.1")]
    return Answer(said.status, headers, json.dumps({"__type": said.code, "message": said.message}).encode())


def _form(said: _Said, identity: str) -> Answer:
    text = (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">\n'
        f"  <Error>\n    <Type>Sender</Type>\n    <Code>{said.code}</Code>\n"
        f"    <Message>{escape(said.message)}</Message>\n  </Error>\n"
        f"  <RequestId>{identity}</RequestId>\n</ErrorResponse>\n"
    )
    return Answer(said.status, [("x-amzn-RequestId", identity), ("Content-Type", "text/xml")], text.encode())


def _s3(said: _Said, identity: str) -> Answer:
    short = identity.replace("-", "")[:16].upper()
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{said.code}</Code><Message>{escape(said.message)}</Message>"
        f"<RequestId>{short}</RequestId><HostId>{identity}</HostId></Error>"
    )
    headers = [("x-amz-request-id", short), ("x-amz-id-2", identity), ("Content-Type", "application/xml")]
    return Answer(said.status, headers, text.encode())
