"""Tokens by which an IAM role logs in to RDS."""

from urllib.parse import parse_qs

import boto3
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from ocr_platform.aws.credentials import RenewableCredentials
from ocr_platform.errors import CredentialsUnavailable

_SCHEME = "https://"
# How long RDS takes a token: "IAM database authentication" in the RDS User Guide.
_SECONDS = 900


def database_token(session: boto3.session.Session, host: str, port: int, user: str, region: str) -> str:
    """A token for one user of one database, signed here: AWS is not asked.

    boto3's own `generate_db_auth_token` makes the same one, with a client for which it loads all of RDS' API.
    Raises CredentialsUnavailable.
    """
    credentials = session.get_credentials()
    if credentials is None:
        raise CredentialsUnavailable
    request = AWSRequest(method="GET", url=f"{_SCHEME}{host}:{port}/", params={"Action": "connect", "DBUser": user})
    SigV4QueryAuth(credentials.get_frozen_credentials(), "rds-db", region, expires=_SECONDS).add_auth(request)
    return str(request.url).removeprefix(_SCHEME)


def token_refused(session: boto3.session.Session, token: str) -> None:
    """A database refused this token: the keys that signed it may be revoked, so others are fetched."""
    credentials = session.get_credentials()
    signer = parse_qs(token.partition("?")[2]).get("X-Amz-Credential", [""])[0]
    if isinstance(credentials, RenewableCredentials):
        credentials.refused(signer.partition("/")[0])
