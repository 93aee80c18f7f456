"""Self-hosted OCR for documents that nobody else may read.

    import ocr_platform

    with open("letter.pdf", "rb") as document:
        source = ocr_platform.upload(document)
    job_id = ocr_platform.submit(source, languages="eng+deu")
    ocr_platform.status(job_id).state
    ocr_platform.result(job_id).text

The installation is the one that the environment describes; `Client` takes settings instead.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocr_platform.api import result, status, submit, upload
    from ocr_platform.client import Client, Result
    from ocr_platform.errors import PlatformError
    from ocr_platform.models import JobState, JobStatus, OutputFormat

__version__ = "0.1.0"
__all__ = [
    "Client",
    "JobState",
    "JobStatus",
    "OutputFormat",
    "PlatformError",
    "Result",
    "result",
    "status",
    "submit",
    "upload",
]

# Loaded at first use: the sandbox imports this package too, and must not load boto3 or a database driver.
_HOMES = {
    "api": ("result", "status", "submit", "upload"),
    "client": ("Client", "Result"),
    "errors": ("PlatformError",),
    "models": ("JobState", "JobStatus", "OutputFormat"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
