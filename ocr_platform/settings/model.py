"""All settings with their types, bounds and defaults; names are those of the environment."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ocr_platform.errors import SettingsError, UsageError
from ocr_platform.models import EngineName, JobOptions, Quality, SandboxMode, TextStorage
from ocr_platform.settings.kinds import AppEnv, AwsCredentials, Insecurity, LogLevel, SslMode
from ocr_platform.settings.tenant_keys import read_tenant_keys

_MIB = 1024 * 1024
# glibc's manual, "Memory Allocation Tunables": images of pages lie in the heap, and the heap in large pages.
_LARGE_PAGES = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=536870912:glibc.malloc.trim_threshold=536870912"

Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=255, strip_whitespace=True)]
# A URL here would bring a scheme along, and with it a connection that nobody verified.
HostName = Annotated[Name, StringConstraints(pattern=r"^[^/@\s]+$")]
KeyArn = Annotated[
    str,
    StringConstraints(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$"),
]
SecretArn = Annotated[
    str,
    StringConstraints(pattern=r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@!-]+$"),
]


def _language_names(value: str) -> str:
    try:
        JobOptions.of(value, "text")
    except UsageError as exc:
        raise ValueError(exc.message) from None
    return value


def _names(value: object) -> object:
    """A list that is written `one,another`."""
    return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value


class Settings(BaseSettings):
    """All settings. Sizes in bytes, durations in seconds; use `load_settings` to read them with readable errors."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_file=None, case_sensitive=False, hide_input_in_errors=True
    )

    app_env: AppEnv = AppEnv.PRODUCTION
    ocr_allow_insecure: Annotated[frozenset[Insecurity], BeforeValidator(_names)] = frozenset()

    ocr_aws_credentials: AwsCredentials = AwsCredentials.AUTO
    ocr_credentials_refresh_seconds: Annotated[float, Field(ge=1, le=86_400)] = 2_700.0
    aws_region: Name
    s3_bucket_name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    kms_key_id: KeyArn
    ocr_former_kms_keys: Annotated[frozenset[KeyArn], BeforeValidator(_names)] = frozenset()
    ocr_tenant_keys: Path | None = None
    aws_secret_arn: SecretArn | None = None
    aws_endpoint_url: Annotated[str, StringConstraints(pattern=r"^https?://")] | None = None
    aws_access_key_id: SecretStr | None = None
    aws_secret_access_key: SecretStr | None = None
    aws_session_token: SecretStr | None = None

    db_host: HostName = "localhost"
    db_port: Port = 5432
    db_name: Name
    db_user: Name
    db_password: SecretStr | None = None  # Flower never talks to the database
    db_password_file: Path | None = None
    db_secret_arn: SecretArn | None = None
    db_iam_auth: bool = False
    db_sslmode: SslMode | None = None
    db_sslrootcert: Path | None = None

    redis_host: HostName = "localhost"
    redis_port: Port = 6379
    redis_username: Name | None = None
    redis_password: SecretStr | None = None
    redis_password_file: Path | None = None
    redis_secret_arn: SecretArn | None = None
    redis_tls: bool = False
    redis_ca_file: Path | None = None

    ocr_password_secrets: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/_+=.@-]{1,200}/$")] = (
        "ocr-platform/passwords/"  # noqa: S105  a name
    )
    ocr_store_text: TextStorage = TextStorage.SEALED
    ocr_bucket_owner: Annotated[str, StringConstraints(pattern=r"^\d{12}$")] | None = None
    ocr_default_languages: Annotated[str, AfterValidator(_language_names)] = "eng"
    ocr_max_source_bytes: Annotated[int, Field(ge=1, le=5 * 1024 * _MIB)] = 256 * _MIB
    ocr_max_output_bytes: Annotated[int, Field(ge=_MIB, le=5 * 1024 * _MIB)] = 512 * _MIB
    ocr_max_pages: Annotated[int, Field(ge=1, le=100_000)] = 2_000
    ocr_max_page_pixels: Annotated[int, Field(ge=10_000, le=1_000_000_000)] = 100_000_000
    ocr_page_timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 120.0
    ocr_document_timeout_seconds: Annotated[float, Field(ge=1, le=604_800)] = 14_400.0
    ocr_max_document_pixels: Annotated[int, Field(ge=10_000)] = 20_000_000_000
    ocr_max_page_inches: Annotated[float, Field(ge=1, le=14_400)] = 200.0
    ocr_engine: EngineName = EngineName.AUTO
    ocr_quality: Quality = Quality.BALANCED
    ocr_sandbox: SandboxMode = SandboxMode.BEST_EFFORT
    ocr_sandbox_recycle_pages: Annotated[int, Field(ge=1, le=100_000)] = 100
    ocr_sandbox_recycle_bytes: Annotated[int, Field(ge=64 * _MIB)] = 512 * _MIB
    ocr_model_cache_bytes: Annotated[int, Field(ge=0)] = 256 * _MIB
    ocr_render_dpi: Annotated[int, Field(ge=72, le=600)] = 300
    ocr_sandbox_memory_bytes: Annotated[int, Field(ge=256 * _MIB, le=64 * 1024 * _MIB)] = 2048 * _MIB
    ocr_temp_dir: Path | None = None
    ocr_batch_pages: Annotated[int, Field(ge=1, le=100)] = 8
    ocr_batch_seconds: Annotated[float, Field(ge=0, le=600)] = 3.0
    ocr_time_slice_seconds: Annotated[float, Field(ge=0, le=600)] = 60.0
    ocr_lease_seconds: Annotated[float, Field(ge=1, le=3600)] = 60.0
    ocr_max_attempts: Annotated[int, Field(ge=1, le=100)] = 6
    ocr_max_claims: Annotated[int, Field(ge=10, le=1_000_000)] = 200
    ocr_backoff_seconds: Annotated[float, Field(gt=0, le=600)] = 2.0
    ocr_probe_seconds: Annotated[float, Field(gt=0, le=600)] = 5.0
    ocr_max_helpers: Annotated[int, Field(ge=0, le=1000)] = 8
    ocr_start_seconds: Annotated[float, Field(ge=0, le=3600)] = 30.0
    ocr_stop_seconds: Annotated[float, Field(ge=1, le=3600)] = 20.0
    ocr_sweep_seconds: Annotated[float, Field(ge=0.1, le=600)] = 5.0
    ocr_wake_patience_seconds: Annotated[float, Field(ge=1, le=3600)] = 30.0
    ocr_orphans_seconds: Annotated[float, Field(ge=1, le=86400)] = 600.0
    ocr_concurrency: Annotated[int, Field(ge=1, le=256)] | None = None
    ocr_log_level: LogLevel = LogLevel.INFO
    ocr_flower_host: Name = "127.0.0.1"
    ocr_flower_port: Port = 5555
    ocr_flower_user: Annotated[str, StringConstraints(pattern=r"^[^:\s]+$")] | None = None
    ocr_flower_password: SecretStr | None = None

    path: str = "/usr/local/bin:/usr/bin:/bin"
    tessdata_prefix: str | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load_settings` passes: the environment is read there, once."""
        return (init_settings,)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = [*self._aws_faults(), *self._login_faults()]
        if self.redis_tls and self.redis_ca_file is None:
            faults.append("REDIS_CA_FILE: required with REDIS_TLS=true, so that the server's certificate is checked")
        if self.resolved_sslmode in (SslMode.VERIFY_CA, SslMode.VERIFY_FULL) and self.db_sslrootcert is None:
            faults.append(f"DB_SSLROOTCERT: required with DB_SSLMODE={self.resolved_sslmode}")
        if faults:
            raise SettingsError(faults)
        return self

    def _aws_faults(self) -> list[str]:
        faults = []
        keys = (self.aws_access_key_id, self.aws_secret_access_key)
        if any(keys) and not all(keys):
            faults.append("AWS_SECRET_ACCESS_KEY: give it together with AWS_ACCESS_KEY_ID, or neither")
        if self.ocr_aws_credentials is AwsCredentials.SECRET and self.aws_secret_arn is None:
            faults.append("AWS_SECRET_ARN: required with OCR_AWS_CREDENTIALS=secret")
        if self.ocr_aws_credentials is AwsCredentials.ENVIRONMENT and not any(keys):
            faults.append("AWS_ACCESS_KEY_ID: required with OCR_AWS_CREDENTIALS=environment")
        region = self.kms_key_id.split(":")[3]
        if region != self.aws_region:
            faults.append(f"AWS_REGION: is {self.aws_region}, but KMS_KEY_ID lies in {region}; S3 needs one region")
        try:
            _ = self.tenant_keys
        except SettingsError as exc:
            faults.extend(exc.faults)
        return faults

    def _login_faults(self) -> list[str]:
        """Two ways to log in: nobody would know which one counts."""
        database = {
            "DB_PASSWORD": self.db_password,
            "DB_SECRET_ARN": self.db_secret_arn,
            "DB_IAM_AUTH": self.db_iam_auth,
        }
        broker = {"REDIS_PASSWORD": self.redis_password, "REDIS_SECRET_ARN": self.redis_secret_arn}
        return [
            f"{given[0]}: give {' or '.join(given)}, not {'both' if len(given) == 2 else 'all'}"  # noqa: PLR2004
            for given in ([name for name, value in ways.items() if value] for ways in (database, broker))
            if len(given) > 1
        ]

    @cached_property
    def aws_credentials(self) -> AwsCredentials:
        """`OCR_AWS_CREDENTIALS`; for auto the secret if one is named, keys if there are any, else the role."""
        if self.ocr_aws_credentials is not AwsCredentials.AUTO:
            return self.ocr_aws_credentials
        if self.aws_secret_arn is not None:
            return AwsCredentials.SECRET
        return AwsCredentials.ENVIRONMENT if self.aws_access_key_id else AwsCredentials.ROLE

    @cached_property
    def tenant_keys(self) -> Mapping[str, frozenset[str]]:
        """ARNs by tenant, from OCR_TENANT_KEYS; read once. Raises SettingsError."""
        return read_tenant_keys(self.ocr_tenant_keys, self.aws_region) if self.ocr_tenant_keys else {}

    @property
    def bucket_owner(self) -> str:
        """`OCR_BUCKET_OWNER`, or the account that the key belongs to."""
        return self.ocr_bucket_owner or self.kms_key_id.split(":")[4]

    @cached_property
    def resolved_sslmode(self) -> SslMode:
        """`DB_SSLMODE`, or the default of the environment: verify-full in production, none in development."""
        if self.db_sslmode is not None:
            return self.db_sslmode
        return SslMode.VERIFY_FULL if self.app_env is AppEnv.PRODUCTION else SslMode.DISABLE

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values of all secrets among the settings, which nobody may see: for what takes them out of logs."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(value.get_secret_value() for value in values if isinstance(value, SecretStr))

    @property
    def sandbox_environment(self) -> dict[str, str]:
        """All that the recogniser's process may see: where the command and its models are, one thread a page.

        The C library is told to ask for memory in large pages: a sandbox starts with none, and page by page the
        kernel would hand out tens of thousands of small ones (glibc 2.35 and later, others ignore it).
        """
        environment = {
            "PATH": self.path,
            "OMP_THREAD_LIMIT": "1",
            "LC_ALL": "C.UTF-8",
            "GLIBC_TUNABLES": _LARGE_PAGES,
        }
        if self.tessdata_prefix:
            environment["TESSDATA_PREFIX"] = self.tessdata_prefix
        return environment
