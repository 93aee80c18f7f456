"""AWS servers that refuse what AWS refuses: ministack as KMS and IAM, SeaweedFS as an S3 that encrypts with that KMS.

| | moto | ministack 1.5 | SeaweedFS 4.48, with ministack's KMS |
|---|---|---|---|
| encrypts what it stores | no | no | yes, with a data key of KMS' for each object |
| key that is disabled or being deleted | used all the same | KMS refuses, S3 does not ask | refuses PUT and GET |
| key's policy | not asked | KMS enforces it, S3 does not ask | enforced: S3 asks KMS as its client's user |
| bucket's policy | not asked | enforced | enforced |
| bad SHA-256 in a PUT | stored | refused, `BadDigest` | refused, `BadDigest` |
| SHA-256 in answers | yes | yes | yes |
| bucket key in answers | yes | never | to PUT, and of uploads in parts |
| `IfNoneMatch`, versions | yes | yes | yes |
| HEAD needs the key | no | no | no, as in AWS |
| `ExpectedBucketOwner` | refused when wrong | ignored | ignored |
| whose words | AWS' | AWS' | `InternalError` for all that KMS refuses; `front.py` says it in AWS' |
| signatures | not checked | checked | checked |
| ready after | 0.4 s | 1 s | 3 s; deaf to SIGTERM for 26 s, so it is killed |
| encryption context | | | as AWS': the object's ARN, with a bucket key the bucket's |

None shows how long AWS takes until a change of a key is seen everywhere, and none has bucket keys: in AWS what was
read a moment ago may still be readable for minutes when its key is off.
"""

import json
import os
import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from signal import SIGKILL
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from ocr_platform.local import servers as building_blocks
from ocr_platform.local.aws import AwsAccount
from ocr_platform.local.directory import StackDirectory
from ocr_platform.local.servers import HOST
from ocr_platform.local.service import Service
from tests.conftest import REGION, Servers
from tests.faults.front import Front
from tests.faults.http_wire import HttpWire
from tests.faults.proxy import FaultProxy

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

PROGRAMS = Path(__file__).parents[2] / ".venv-emulators/bin"
_USER = "platform"
# What the role of a worker is allowed of KMS; S3 asks with its rights, as AWS does.
_ALLOWED = {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt", "kms:DescribeKey"], "Resource": "*"}
_STORE = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
_PORTS = ("master", "volume", "filer", "s3")


@dataclass(frozen=True)
class Strict:
    """`servers` are the shared ones with the strict AWS in place of moto, `kms` is the operator's, who may do all.

    `kms_way` lies between S3 and KMS: what its rules do, KMS does to S3. `ministack` is the address of a whole AWS that
    has no bucket keys.
    """

    servers: Servers
    kms: "KMSClient"
    front: Front
    kms_way: FaultProxy
    ministack: str

    def deny(self, kms_key_id: str, *actions: str) -> None:
        """Have a key's policy refuse these actions to the platform's user; none: refuse nothing."""
        root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{_account(kms_key_id)}:root"}}
        statements: list[dict[str, Any]] = [{**root, "Action": "kms:*", "Resource": "*"}]
        if actions:
            user = f"arn:aws:iam::{_account(kms_key_id)}:user/{_USER}"
            denied = {"Effect": "Deny", "Principal": {"AWS": user}, "Action": list(actions), "Resource": "*"}
            statements.append(denied)
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        self.kms.put_key_policy(KeyId=kms_key_id, PolicyName="default", Policy=policy)

    def put_in_order(self) -> None:
        """Have the key usable again, KMS awake, and the bucket tell of its bucket key."""
        key = self.servers.aws.kms_key_id
        self.kms_way.clear_rules()
        self.front.tells_bucket_key = True
        if self.kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion":
            self.kms.cancel_key_deletion(KeyId=key)
        self.kms.enable_key(KeyId=key)
        self.deny(key)

    def new_key(self) -> str:
        """The ARN of another key of the account's."""
        return self.kms.create_key()["KeyMetadata"]["Arn"]


def require_emulators() -> None:
    """Skip where they are not installed; in CI that is a failure, or nobody would notice."""
    missing = [name for name in ("ministack", "weed") if not (PROGRAMS / name).exists()]
    if missing:
        reason = f"not installed: {', '.join(missing)}; run scripts/bootstrap --dev"
        if os.environ.get("CI"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


@contextmanager
def strict_servers(shared: Servers) -> Iterator[Strict]:
    """Start both servers on the loopback interface; they and all that they wrote are gone at the end."""
    with ExitStack() as opened:
        directory = StackDirectory()
        opened.callback(directory.remove)
        directory.make("logs")
        bare = directory.environment(directory.make("tmp"))
        kms_port, gate_port, *ports = _quiet_ports(2 + 2 * len(_PORTS))
        places = dict(zip([f"{name}{grpc}" for name in _PORTS for grpc in ("", ".grpc")], ports, strict=True))
        kms = _started(opened, _ministack(directory, kms_port, bare))
        ministack = f"http://{HOST}:{kms_port}"
        kms.wait_until(lambda: building_blocks.http_ready(f"{ministack}/_ministack/health"))
        operator = boto3.session.Session("test", "test", region_name=REGION)
        account = _account_of_user(operator, ministack)
        weed = _started(opened, _seaweedfs(directory, places, gate_port, account, bare))
        opened.callback(_remove_sockets, ports)
        kms_way = opened.enter_context(FaultProxy(kms_port, HttpWire))
        front = opened.enter_context(Front(places["s3"], kms_port, kms_way.port, gate_port))
        weed.wait_until(lambda: _answers(places["s3"]))
        account = replace(account, endpoint_url=f"http://{HOST}:{front.port}")
        client = opened.enter_context(closing(operator.client("kms", endpoint_url=ministack)))
        yield Strict(replace(shared, aws=account), client, front, kms_way, ministack)


def _quiet_ports(count: int) -> list[int]:
    """Free ports that no client is given: SeaweedFS' parts connect to each other while others have yet to listen."""
    found: list[int] = []
    for port in random.sample(range(20_000, 32_000), 2_000):
        with suppress(OSError), closing(socket.socket()) as each:
            each.bind((HOST, port))
            found.append(port)
        if len(found) == count:
            return found
    pytest.fail("no free ports", pytrace=False)


def _started(opened: ExitStack, service: Service) -> Service:
    opened.callback(service.finish)
    opened.callback(service.ask_to_stop)
    service.launch()
    return service


def _ministack(directory: StackDirectory, port: int, bare: dict[str, str]) -> Service:
    own = {
        "AUTH": "true",
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "MINISTACK_REGION": REGION,
    }
    return Service("ministack", [PROGRAMS / "ministack"], bare | own, directory.path / "logs/ministack.log")


def _account_of_user(operator: boto3.session.Session, endpoint_url: str) -> AwsAccount:
    """A user of the account's who may use its keys, and a key."""
    with closing(operator.client("iam", endpoint_url=endpoint_url)) as iam:
        iam.create_user(UserName=_USER)
        policy = json.dumps({"Version": "2012-10-17", "Statement": [_ALLOWED, _STORE]})
        iam.put_user_policy(UserName=_USER, PolicyName="platform", PolicyDocument=policy)
        made = iam.create_access_key(UserName=_USER)["AccessKey"]
    with closing(operator.client("kms", endpoint_url=endpoint_url)) as kms:
        key = kms.create_key()["KeyMetadata"]["Arn"]
    return AwsAccount(
        endpoint_url=endpoint_url,
        region=REGION,
        access_key=made["AccessKeyId"],
        secret_key=made["SecretAccessKey"],
        bucket="nowhere",
        kms_key_id=key,
        secret_arn="",
    )


def _seaweedfs(
    directory: StackDirectory, places: dict[str, int], kms_port: int, account: AwsAccount, bare: dict[str, str]
) -> Service:
    keys = {"accessKey": account.access_key, "secretKey": account.secret_key}
    provider = {
        "type": "aws",
        "region": REGION,
        "endpoint": f"http://{HOST}:{kms_port}",
        "access_key": account.access_key,
        "secret_key": account.secret_key,
        "max_retries": 1,
        "cache_enabled": False,
    }
    config = {
        "identities": [{"name": _USER, "credentials": [keys], "actions": ["Admin"]}],
        "kms": {"default_provider": "aws", "providers": {"aws": provider}},
    }
    path = directory.write("s3.json", json.dumps(config))
    options = {
        f"{name.replace('.grpc', '')}.port{'.grpc' if '.grpc' in name else ''}": str(port)
        for name, port in places.items()
    }
    options |= {
        "dir": str(directory.make("objects")),
        "ip": HOST,
        "ip.bind": HOST,
        "filer.localSocket": str(directory.path / "filer.sock"),
        "s3.localSocket": str(directory.path / "s3.sock"),
        "s3.config": str(path),
        "s3.port.iceberg": "0",
        "s3.port.lance": "0",
        "master.telemetry": "false",
        "master.volumeSizeLimitMB": "64",
        "volume.max": "1000",
    }
    own = {
        "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1",  # each bucket has volumes of its own: no more than it needs
        "WEED_S3_SSE_KEY": "for what is under AES256",
    }
    command: list[str | Path] = [PROGRAMS / "weed", "-logtostderr=true", "server", "-filer", "-s3"]
    command += [f"-{name}={value}" for name, value in options.items()]
    log = directory.path / "logs/seaweedfs.log"
    return Service("seaweedfs", command, bare | own, log, stop_signal=SIGKILL)


def _answers(port: int) -> bool:
    """True when an S3 answers there, by a refusal too."""
    with suppress(OSError), closing(HTTPConnection(HOST, port, timeout=1)) as connection:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    return False


def _remove_sockets(ports: list[int]) -> None:
    """What a killed SeaweedFS leaves outside of its directory."""
    for port in ports:
        for path in Path("/tmp").glob(f"seaweedfs-*-grpc-{port}.sock"):
            path.unlink(missing_ok=True)


def _account(kms_key_id: str) -> str:
    return kms_key_id.split(":")[4]
