"""What an AWS account needs for the platform, made in the emulator: key, bucket, secret."""

import json
from dataclasses import dataclass, field
from uuid import uuid4

import boto3

_BUCKET = "ocr-local"


@dataclass(frozen=True, slots=True)
class AwsAccount:
    """Where the emulator is and what was made in it."""

    endpoint_url: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    bucket: str
    kms_key_id: str
    secret_arn: str


def prepare_account(endpoint_url: str, region: str, access_key: str, secret_key: str) -> AwsAccount:
    """A customer key, a versioned private bucket that encrypts with it by default, the secret with the keys."""
    session = boto3.session.Session(access_key, secret_key, region_name=region)
    key = session.client("kms", endpoint_url=endpoint_url).create_key(Description="ocr-platform local stack")
    kms_key_id = key["KeyMetadata"]["Arn"]
    _make_bucket(session, endpoint_url, region, kms_key_id)
    secret = session.client("secretsmanager", endpoint_url=endpoint_url).create_secret(
        Name="ocr-platform/local/aws-credentials",
        SecretString=json.dumps({"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": secret_key}),
    )
    return AwsAccount(endpoint_url, region, access_key, secret_key, _BUCKET, kms_key_id, secret["ARN"])


def keep_password(account: AwsAccount, password: str) -> str:
    """A secret in the emulator with a document's password, for the default tenant; its ARN."""
    session = boto3.session.Session(account.access_key, account.secret_key, region_name=account.region)
    client = session.client("secretsmanager", endpoint_url=account.endpoint_url)
    try:
        secret = client.create_secret(
            Name=f"ocr-platform/passwords/default/{uuid4()}", SecretString=json.dumps({"password": password})
        )
    finally:
        client.close()
    return secret["ARN"]


def _make_bucket(session: boto3.session.Session, endpoint_url: str, region: str, kms_key_id: str) -> None:
    s3 = session.client("s3", endpoint_url=endpoint_url)
    s3.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item]
    s3.put_bucket_versioning(Bucket=_BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_encryption(
        Bucket=_BUCKET,
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": kms_key_id,
                    },
                    "BucketKeyEnabled": True,
                }
            ]
        },
    )
    s3.put_public_access_block(
        Bucket=_BUCKET,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
