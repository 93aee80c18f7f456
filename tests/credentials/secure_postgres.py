"""A PostgreSQL of one's own that offers TLS, with a certificate for one host name."""

import os
import pwd
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from ocr_platform.local import servers as building_blocks
from ocr_platform.local.directory import StackDirectory
from ocr_platform.local.service import free_ports
from ocr_platform.logins import Login
from tests.processes import launched

HOST = "localhost"  # the name in the certificate


@dataclass(frozen=True)
class SecurePostgres:
    """Where it is, its owner, who signed its certificate and who did not."""

    port: int
    owner: Login
    database: str
    ca: Path
    other_ca: Path


@contextmanager
def secure_postgres(directory: StackDirectory) -> Iterator[SecurePostgres]:
    """Start it, with an empty database."""
    owner, (port,) = Login("owner", secrets.token_urlsafe(24)), free_ports(1)
    found = SecurePostgres(port, owner, "production", directory.path / "db-ca.pem", directory.path / "db-other-ca.pem")
    bare = directory.environment(directory.make("db-tmp"))
    service = building_blocks.postgres_service(directory, port, owner, bare)
    _certify(found, directory.path / "postgres")
    with launched(service):
        service.wait_until(lambda: building_blocks.postgres_ready(port, owner))
        building_blocks.create_database(port, owner, found.database)
        yield found


def _certify(found: SecurePostgres, data: Path) -> None:
    """The server's files in its data directory, which belongs to the user that it runs as."""
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)
    authority.cert_pem.write_to_path(found.ca)
    trustme.CA().cert_pem.write_to_path(found.other_ca)
    certificate.cert_chain_pems[0].write_to_path(data / "server.crt")
    certificate.private_key_pem.write_to_path(data / "server.key")
    for name in ("server.crt", "server.key"):
        (data / name).chmod(0o600)
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(data / name, user.pw_uid, user.pw_gid)
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("ssl = on\n")
