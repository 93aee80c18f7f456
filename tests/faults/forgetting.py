"""Having a fleet forget jobs that have been looked at, so that its processes can go on with others."""

from tests.faults import evidence
from tests.faults.fleet import Fleet

_AT_ONCE = 1000  # that many S3 removes in one request


def forget(fleet: Fleet, *prefixes: str) -> None:
    """Remove all jobs from the database, and from the bucket every version of what lies under these prefixes."""
    with evidence.database(fleet) as connection:
        connection.cursor().execute("DELETE FROM jobs")
    found = [item for prefix in prefixes for item in evidence.versions(fleet, prefix)]
    for start in range(0, len(found), _AT_ONCE):
        doomed = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found[start : start + _AT_ONCE]]
        fleet.s3.delete_objects(Bucket=fleet.servers.aws.bucket, Delete={"Objects": doomed})  # type: ignore[typeddict-item]
