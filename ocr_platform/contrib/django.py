"""Submission inside a Django transaction: the job exists if it commits, and is published then."""

from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from ocr_platform.api import default_client
from ocr_platform.client import Client
from ocr_platform.db.submission import submit_with


def submit(source: str, *, using: str = DEFAULT_DB_ALIAS, client: Client | None = None, **options: Any) -> UUID:
    """Submit `s3://bucket/key` in the transaction that Django's connection `using` is in; options as `Client.submit`.

    The connection must lead to the platform's database, through PostgreSQL. Outside a transaction the job is
    published at once.
    """
    client = client or default_client()
    new = client.request(source, **options)
    with connections[using].cursor() as cursor:
        submitted = submit_with(cursor, new)
    transaction.on_commit(lambda: client.dispatch(submitted), using=using, robust=True)
    return submitted.job_id
