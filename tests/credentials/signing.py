"""Requests signed by botocore and sent by hand, so that a test can change what was signed."""

from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.conftest import REGION
from tests.credentials.listening import HOST


@dataclass(frozen=True, slots=True)
class Sent:
    """What is signed, and sent with what a test replaced in it afterwards."""

    method: str
    target: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def signed(
        self, service: str, port: int, credentials: Credentials, signer: type[SigV4Auth] | None = None
    ) -> dict[str, str]:
        """The headers, with botocore's signature, by the service's own signer or another one."""
        request = AWSRequest(self.method, f"http://{HOST}:{port}{self.target}", dict(self.headers), self.body)
        chosen = signer or (S3SigV4Auth if service == "s3" else SigV4Auth)
        chosen(credentials, service, REGION).add_auth(request)
        return dict(request.headers.items())

    def send(self, port: int, headers: dict[str, str]) -> tuple[int, bytes]:
        """Status and body of the answer."""
        with closing(HTTPConnection(HOST, port, timeout=10)) as connection:
            connection.request(self.method, self.target, self.body, headers)
            response = connection.getresponse()
            return response.status, response.read()
