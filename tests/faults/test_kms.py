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

# boto3 does not know this one.
THROTTLED = Answer(s3_error("KMS.ThrottlingException", 400))
# This one it knows.
ALSO_THROTTLED = Answer(s3_error("ThrottlingException", 400))
# How many refusals the platform's client bears by itself, as against what makes it give up.
FEW, MANY = 2, 3


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
    jobs: list[UUID] = []
    expected: dict[UUID, int] = {}
    for _ in range(rounds(1, 10)):
        for times in (FEW, MANY):
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
            expected |= dict.fromkeys(jobs[-5:], STAGES + (times == MANY))

    installation.fleet.wait_all(jobs, WORK_SECONDS * rounds(1, 5))

    assert installation.claims() == expected
    installation.settle(jobs, 0, expected=undisturbed_of(page))


def test_one_refusal_costs_a_document_nothing(
    installation: Installation, page: Document, undisturbed_of: Finder
) -> None:
    # Given jobs that are refused once, at each place, one of them when its first output is written already
    source = installation.uploaded(page)
    installation.s3.on(requests.source("GET", source), Answer(s3_error("KMS.DisabledException", 400)), times=1)
    jobs = [installation.fleet.client.submit(source), *installation.fleet.submit(page, 3)]
    for code, status, pattern in (
        ("KMS.DisabledException", 400, requests.staged("PUT", jobs[1])),
        ("AccessDenied", 403, requests.staged("GET", jobs[2])),
        ("AccessDenied", 403, requests.output(jobs[3], "words.json")),
    ):
        installation.s3.on(pattern, Answer(s3_error(code, status)), times=1)

    figures = installation.settle(jobs, WORK_SECONDS, expected=undisturbed_of(page))

    assert figures.max_claims == STAGES
    held = [(line["stage"], line["code"]) for line in installation.logged("stage_held", everybodys=False)]
    assert sorted(held) == [
        ("encrypt_upload", "storage_denied"),
        ("encrypt_upload", "storage_denied"),
        ("fetch_decrypt", "key_unusable"),
        ("ocr", "key_unusable"),
    ]
    assert not installation.logged("breaker_opened")


def test_a_document_that_alone_is_denied_fails_and_leaves_nothing(
    installation: Installation, page: Document, undisturbed_of: Finder
) -> None:
    (failing,) = installation.fleet.submit(page)
    installation.s3.on(requests.output(failing, "words.json"), Answer(s3_error("AccessDenied", 403)))
    good = installation.fleet.submit(page, 6)

    figures = installation.settle(
        [failing, *good],
        2 * WORK_SECONDS,  # five attempts with growing pauses take half of one
        expected=dict.fromkeys(good, undisturbed_of(page)),
        expected_states=("succeeded", "failed"),
    )

    # Then it used all attempts of its third stage, after a first refusal that was free
    assert figures.states == {"failed": 1, "succeeded": 6}
    assert figures.max_claims == 2 + LIMIT
    assert len(installation.logged("job_failed", code="storage_denied")) == 1


def test_a_document_whose_own_key_is_off_waits_for_it_and_stops_nobody(
    installation: Installation, page: Document, undisturbed_of: Finder
) -> None:
    source = installation.uploaded(page)
    off = installation.s3.on(requests.source("GET", source), Answer(s3_error("KMS.DisabledException", 400)))
    waiting = installation.fleet.client.submit(source)
    good = installation.fleet.submit(page, 6)
    installation.fleet.wait_all(good, WORK_SECONDS)
    installation.until(lambda: off.hits > LIMIT + 1)
    status = installation.fleet.client.status(waiting)
    assert (status.state, status.held_code) == ("running", "key_unusable")

    installation.s3.clear_rules()

    figures = installation.settle([waiting, *good], WORK_SECONDS, expected=undisturbed_of(page))
    assert figures.max_claims == STAGES
    assert not installation.logged("breaker_opened")


def test_a_policy_that_gives_out_no_data_keys_holds_everybody_up_and_fails_nobody(
    installation: Installation, page: Document, undisturbed_of: Finder
) -> None:
    # Given a key that may be used through S3 alone: everything goes well until the text is sealed
    refused = installation.s3.on(rb"TrentService.GenerateDataKey", Answer(kms_error("AccessDeniedException")))
    jobs = installation.fleet.submit(page, 8)
    installation.until(lambda: installation.logged("breaker_opened", code="key_unusable"))
    # A process that has not met it yet may take one more job
    installation.until(lambda: len(installation.logged("stage_held", stage="encrypt_upload")) >= 1)
    assert not any(status.state.terminal for status in installation.fleet.client.statuses(jobs).values())

    installation.s3.clear_rules()

    figures = installation.settle(jobs, WORK_SECONDS, expected=undisturbed_of(page))
    assert figures.max_claims == STAGES
    assert refused.hits > 1
    assert installation.logged("breaker_closed")
