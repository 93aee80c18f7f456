"""Answers that AWS gives when it will not do what it is asked: whole HTTP answers for `rules.Answer`."""

import json


def s3_error(code: str, status: int = 503) -> bytes:
    """S3's refusal: SlowDown and InternalError with 5xx, RequestTimeout with 400."""
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return _http(status, "application/xml", body)


def kms_error(code: str, status: int = 400) -> bytes:
    """The refusal of a service that speaks JSON, KMS and Secrets Manager: ThrottlingException and the like."""
    return _http(status, "application/x-amz-json-1.1", json.dumps({"__type": code, "message": code}))


def _http(status: int, content_type: str, body: str) -> bytes:
    head = f"HTTP/1.1 {status} Refused\r\nContent-Type: {content_type}\r\nContent-Length: {len(body.encode())}\r\n"
    return f"{head}x-amz-request-id: FAULTPROXY\r\n\r\n{body}".encode()
