"""Credentials of the IAM role of an ECS task (or EKS pod) or an EC2 instance, fetched by botocore; IMDSv2 alone."""

from typing import Any

import botocore.session
from botocore.credentials import ContainerProvider
from botocore.exceptions import BotoCoreError, InvalidIMDSEndpointError
from botocore.utils import InstanceMetadataFetcher, resolve_imds_endpoint_mode

from ocr_platform.aws.credentials import Metadata, no_role
from ocr_platform.errors import CredentialsUnavailable

_SECONDS = 2
_ATTEMPTS = 3


def fetch_role() -> Metadata:
    """The role's credentials. Raises CredentialsUnavailable, which says who was asked."""
    return _of_container() or _of_instance()


def _of_container() -> Metadata | None:
    """None where the platform's process was given no container credentials; where it was, nobody else is asked."""
    try:
        found: Any = ContainerProvider().load()
    except (BotoCoreError, ValueError) as exc:
        # It repeats what the endpoint said only in part; the address is the operator's own.
        reason = f"the container's endpoint (AWS_CONTAINER_CREDENTIALS_…) gave none: {type(exc).__name__}"
        raise no_role(reason) from exc
    if found is None:
        return None
    keys = found.get_frozen_credentials()
    return {
        "access_key": keys.access_key,
        "secret_key": keys.secret_key,
        "token": keys.token,
        "expiry_time": found._expiry_time.isoformat(),  # noqa: SLF001  botocore tells it in no other way
    }


def _of_instance() -> Metadata:
    session = botocore.session.get_session()
    config: dict[str, Any] = {
        "ec2_metadata_service_endpoint": session.get_config_variable("ec2_metadata_service_endpoint"),
        "ec2_metadata_service_endpoint_mode": resolve_imds_endpoint_mode(session),
        # The older protocol hands credentials to whoever can make a process fetch a URL.
        "ec2_metadata_v1_disabled": True,
    }
    try:
        fetcher = InstanceMetadataFetcher(_SECONDS, _ATTEMPTS, user_agent="ocr_platform", config=config)
        found: Metadata = fetcher.retrieve_iam_role_credentials()
    except InvalidIMDSEndpointError as exc:
        raise CredentialsUnavailable("AWS_EC2_METADATA_SERVICE_ENDPOINT: no valid URL") from exc
    except BotoCoreError as exc:
        hint = "it gave no IMDSv2 token; in a container raise its hop limit to 2"
        raise no_role(f"{_asked(fetcher)}, and {hint}") from exc
    if not found:
        raise no_role(f"{_asked(fetcher)}, and there is none")
    return found


def _asked(fetcher: InstanceMetadataFetcher) -> str:
    return (
        "no AWS_CONTAINER_CREDENTIALS_… variable is set, so the instance metadata service at "
        f"{fetcher.get_base_url()} was asked (IMDSv2)"
    )
