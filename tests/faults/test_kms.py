"""KMS is too busy, or refuses, and S3 passes its answers on; or the secret with the keys is not to be had."""

from collections.abc import Callable
from uuid import UUID

from tests.faults import logs, requests
from tests.faults.answers import kms_error, s3_error
from tests.faults.documents import Document, Undisturbed
from tests.faults.fleet import Fleet
from tests.faults.installation import LIMIT, STAGES, WORK_SECONDS, Installation
from tests.faults.invariants import check
from tests.faults.rules import Answer

Finder = Callable[[Document], Undisturbed]
Rounds = Callable[[int, int], int]

# boto3 does not know this one, so each is told to the platform. It waits up to 0.2, then 0.8 seconds.
THROTTLED = Answer(s3_error("KMS.ThrottlingException", 400))
# This one boto3 knows.
ALSO_THROTTLED = Answer(s3_error("ThrottlingException", 400))


def test_work_begins_when_the_secret_with_the_keys_is_to_be_had(
    make_fleet: Callable[..., Fleet], page: Document, undisturbed_of: Finder
) -> None:
    # Given a worker that starts while the secret with its keys is refused, for longer than boto3 asks for it
    fleet = make_fleet()
    rules = [
        fleet.proxy("s3").on(b"secretsmanager.GetSecretValue", Answer(answer), times=4)
        for answer in (kms_error("ThrottlingException"), kms_error("InternalServiceError", 500))
    ]
    fleet.start_worker(env={"AWS_SECRET_ARN": fleet.servers.aws.secret_arn}, wait=False)
    fleet.start_beat()

    jobs = fleet.submit(page, 5)

    fleet.wait_all(jobs, 2 * WORK_SECONDS)
    assert [rule.hits for rule in rules] == [4, 4]
    waited = [line["fault"] for line in logs.events(fleet, "worker", "start_waits")]
    assert waited == [
        "AWS_SECRET_ARN: cannot be read now (ThrottlingException)",
        "AWS_SECRET_ARN: cannot be read now (InternalServiceError)",
    ]
    print(check(fleet, jobs, limit=LIMIT, expected=undisturbed_of(page)))


def test_what_kms_is_too_busy_for_is_done_later(
    installation: Installation, page: Document, undisturbed_of: Finder, rounds: Rounds
) -> None:
    times = 2
    jobs: list[UUID] = []
    expected: dict[UUID, int] = {}
    for _ in range(rounds(2, 10)):
        source = installation.uploaded(page)
        installation.s3.on(requests.source("GET", source), THROTTLED, times=times)
        jobs += [installation.fleet.client.submit(source), *installation.fleet.submit(page, 4)]
        for answer, pattern in zip(
            (THROTTLED, THROTTLED, THROTTLED, ALSO_THROTTLED),
            (
                requests.staged("PUT", jobs[-4]),
                requests.staged("GET", jobs[-3]),
                requests.output(jobs[-2]),
                requests.output(jobs[-1]),
            ),
            strict=True,
        ):
            installation.s3.on(pattern, answer, times=times)
        expected |= dict.fromkeys(jobs[-5:-1], STAGES + times) | {jobs[-1]: STAGES}

    installation.fleet.wait_all(jobs, WORK_SECONDS * rounds(1, 5))

    assert installation.claims() == expected
    installation.settle(jobs, 0, expected=undisturbed_of(page))


def test_what_kms_or_s3_refuse_fails_and_leaves_nothing(
    installation: Installation, page: Document, undisturbed_of: Finder
) -> None:
    # Given jobs that are refused at each place, one of them when its first output is written already
    source = installation.uploaded(page)
    installation.s3.on(requests.source("GET", source), Answer(s3_error("KMS.DisabledException", 400)))
    failing = [installation.fleet.client.submit(source), *installation.fleet.submit(page, 3)]
    for code, status, pattern in (
        ("KMS.DisabledException", 400, requests.staged("PUT", failing[1])),
        ("AccessDenied", 403, requests.staged("GET", failing[2])),
        ("AccessDenied", 403, requests.output(failing[3], "words.json")),
    ):
        installation.s3.on(pattern, Answer(s3_error(code, status)))
    good = installation.fleet.submit(page, 6)

    figures = installation.settle(
        [*failing, *good],
        WORK_SECONDS,
        expected=dict.fromkeys(good, undisturbed_of(page)),
        expected_states=("succeeded", "failed"),
    )

    assert figures.states == {"failed": 4, "succeeded": 6}
    assert figures.max_claims == STAGES
    assert len(installation.logged("job_failed", code="storage_denied")) == 4
