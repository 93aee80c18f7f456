import pytest
from kombu.utils.url import parse_url

from ocr_platform.broker import broker_url, make_app
from ocr_platform.settings import Settings, load_settings

PASSWORD = "p@ss:w/rd#?%&+ ü"


def test_password_is_quoted_so_that_it_arrives_as_it_is(environ: dict[str, str]) -> None:
    url = broker_url(load_settings(environ | {"REDIS_USERNAME": "pl@tform", "REDIS_PASSWORD": PASSWORD}))

    parts = parse_url(url)

    assert parts["password"] == PASSWORD
    assert parts["userid"] == "pl@tform"
    assert (parts["transport"], parts["hostname"], parts["port"]) == ("redis", "localhost", 6379)


def test_password_without_a_user_is_the_default_users(environ: dict[str, str]) -> None:
    parts = parse_url(broker_url(load_settings(environ | {"REDIS_PASSWORD": "word"})))

    assert parts["password"] == "word"
    assert not parts["userid"]


def test_no_password_means_no_login_in_the_url(settings: Settings) -> None:
    assert broker_url(settings) == "redis://localhost:6379/0"


def test_ipv6_address_is_bracketed(environ: dict[str, str]) -> None:
    parts = parse_url(broker_url(load_settings(environ | {"REDIS_HOST": "::1"})))

    assert (parts["hostname"], parts["port"]) == ("::1", 6379)


def test_tls_requires_the_servers_certificate(environ: dict[str, str]) -> None:
    settings = load_settings(environ | {"REDIS_TLS": "true", "REDIS_CA_FILE": "/etc/ca.pem"})

    app = make_app(settings)

    assert broker_url(settings).startswith("rediss://")
    assert app.conf.broker_use_ssl == {"ssl_cert_reqs": "required", "ssl_ca_certs": "/etc/ca.pem"}


def test_without_tls_nothing_is_asked_of_certificates(settings: Settings) -> None:
    assert not make_app(settings).conf.broker_use_ssl


@pytest.mark.parametrize(
    "times",
    [{}, {"OCR_PAGE_TIMEOUT_SECONDS": "3600", "OCR_TIME_SLICE_SECONDS": "600"}, {"OCR_TIME_SLICE_SECONDS": "0"}],
)
def test_limits_come_one_after_the_other(environ: dict[str, str], times: dict[str, str]) -> None:
    settings = load_settings(environ | times)
    conf = make_app(settings).conf
    slice_and_page = settings.ocr_time_slice_seconds + settings.ocr_page_timeout_seconds

    # A task that redis gives to a second worker while the first still runs would be done twice.
    visibility = conf.broker_transport_options["visibility_timeout"]
    assert slice_and_page < conf.task_soft_time_limit < conf.task_time_limit < visibility


def test_all_places_that_know_a_visibility_timeout_agree(settings: Settings) -> None:
    conf = make_app(settings).conf

    assert (
        conf.visibility_timeout
        == conf.broker_transport_options["visibility_timeout"]
        == conf.result_backend_transport_options["visibility_timeout"]
    )


def test_only_json_is_accepted_and_sent(settings: Settings) -> None:
    conf = make_app(settings).conf

    assert conf.accept_content == ["json"]
    assert conf.task_serializer == "json"


def test_message_is_acknowledged_after_the_work_and_given_back_when_the_worker_dies(settings: Settings) -> None:
    conf = make_app(settings).conf

    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1


def test_no_results_are_kept_in_redis(settings: Settings) -> None:
    conf = make_app(settings).conf

    assert conf.task_ignore_result
    assert conf.result_backend is None


def test_secrets_are_not_in_the_applications_text(environ: dict[str, str]) -> None:
    app = make_app(load_settings(environ | {"REDIS_PASSWORD": "hush-hush"}))

    assert "hush-hush" not in repr(app)
    assert "hush-hush" not in app.conf.humanize(with_defaults=True, censored=True)
