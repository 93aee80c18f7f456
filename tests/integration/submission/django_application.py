"""A Django application on the platform's database: `python django_application.py CASE SOURCE`; prints job ids."""

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID, uuid4

import django
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from ocr_platform.contrib.django import submit
from ocr_platform.errors import TokenConflict

CASES: dict[str, Callable[[str], list[UUID]]] = {}


class ChangedMindError(Exception):
    """Raised to roll back."""


def case(function: Callable[[str], list[UUID]]) -> Callable[[str], list[UUID]]:
    CASES[function.__name__] = function
    return function


def invoice(job_id: UUID, own_id: UUID | None = None) -> None:
    """The application's own row."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO invoices (id, ocr_job) VALUES (%s, %s)", [str(own_id or uuid4()), str(job_id)])


@case
def commit(source: str) -> list[UUID]:
    with transaction.atomic():
        job_id = submit(source)
        invoice(job_id)
    return [job_id]


@case
def rollback(source: str) -> list[UUID]:
    with suppress(ChangedMindError), transaction.atomic():
        invoice(submit(source))
        raise ChangedMindError
    return []


@case
def refused_row(source: str) -> list[UUID]:
    with suppress(IntegrityError), transaction.atomic():
        invoice(submit(source), UUID(int=1))
        invoice(submit(source), UUID(int=1))
    return []


@case
def savepoint_released(source: str) -> list[UUID]:
    with transaction.atomic():
        with transaction.atomic():
            job_id = submit(source)
        invoice(job_id)
    return [job_id]


@case
def savepoint_rolled_back(source: str) -> list[UUID]:
    with transaction.atomic():
        with suppress(ChangedMindError), transaction.atomic():
            submit(source)
            raise ChangedMindError
        invoice(job_id := submit(source))
    return [job_id]


@case
def savepoint_released_and_outer_rolled_back(source: str) -> list[UUID]:
    with suppress(ChangedMindError), transaction.atomic():
        with transaction.atomic():
            submit(source)
        raise ChangedMindError
    return []


@case
def outside_a_transaction(source: str) -> list[UUID]:
    job_id = submit(source)
    invoice(job_id)
    return [job_id]


@case
def two_in_one_transaction(source: str) -> list[UUID]:
    with transaction.atomic():
        jobs = [submit(source), submit(source)]
        invoice(jobs[0])
    return jobs


@case
def same_token(source: str) -> list[UUID]:
    with transaction.atomic():
        first = submit(source, client_token="a", tenant="clinic")
        invoice(submit(source, client_token="a", tenant="clinic"))
    again = submit(source, client_token="a", tenant="clinic")
    return [first] if again == first else [first, again]


@case
def token_conflict(source: str) -> list[UUID]:
    job_id = submit(source, client_token="a")
    with transaction.atomic():
        with suppress(TokenConflict):
            submit(source, client_token="a", languages="deu")
        invoice(job_id)
    return [job_id]


def main() -> None:
    database = {
        "ENGINE": "django.db.backends.postgresql",
        **{name: os.environ[f"DB_{name}"] for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD")},
    }
    settings.configure(DATABASES={"default": database}, USE_TZ=True)
    django.setup()
    print(json.dumps([str(job_id) for job_id in CASES[sys.argv[1]](sys.argv[2])]))


if __name__ == "__main__":
    main()
