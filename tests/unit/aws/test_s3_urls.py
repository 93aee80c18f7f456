import pytest

from ocr_platform.aws.sources import parse_s3_url
from ocr_platform.errors import SourceMissing


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("s3://documents/uploads/a.pdf", ("documents", "uploads/a.pdf")),
        ("s3://documents/a", ("documents", "a")),
        ("s3://documents//a", ("documents", "/a")),
        ("s3://documents/uploads/Grüße & ?#.pdf", ("documents", "uploads/Grüße & ?#.pdf")),
    ],
)
def test_url_is_split_into_bucket_and_key(url: str, parts: tuple[str, str]) -> None:
    assert parse_s3_url(url) == parts


@pytest.mark.parametrize(
    "url", ["", "s3://", "s3://documents", "s3://documents/", "s3:///a", "documents/a", "S3://a/b"]
)
def test_what_is_no_such_url_is_refused_with_how_one_is_written(url: str) -> None:
    with pytest.raises(SourceMissing, match="s3://BUCKET/KEY"):
        parse_s3_url(url)
