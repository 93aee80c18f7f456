import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kombu.utils import json
from kombu.utils.imports import symbol_by_name
from kombu.utils.url import parse_url

from ocr_platform.broker import AssistLast, broker_url, make_app
from ocr_platform.logins import Login
from ocr_platform.settings import Settings, load_settings
from ocr_platform.workflow import ASSIST_QUEUE, CPU_QUEUE, IO_QUEUE, QUEUES

PASSWORD = "p@ss:w/rd#?%&+ ü"


def test_password_is_quoted_so_that_it_arrives_as_it_is(environ: dict[str, str]) -> None:
    url = broker_url(load_settings(environ), Login("pl@tform", PASSWORD))

    parts = parse_url(url)

    assert parts["password"] == PASSWORD
    assert parts["userid"] == "pl@tform"
    assert (parts["transport"], parts["hostname"], parts["port"]) == ("redis", "localhost", 6379)


def test_password_without_a_user_is_the_default_users(environ: dict[str, str]) -> None:
    parts = parse_url(broker_url(load_settings(environ), Login("", "word")))

    assert parts["password"] == "word"
    assert not parts["userid"]


def test_the_applications_url_has_no_password(environ: dict[str, str]) -> None:
    app = make_app(load_settings(environ | {"REDIS_USERNAME": "platform", "REDIS_PASSWORD": "hush-hush"}))

    assert app.conf.broker_url == "redis://localhost:6379/0"
    assert "hush-hush" not in str(app.conf.table(with_defaults=True))


def test_connections_of_different_logins_are_not_shared(environ: dict[str, str]) -> None:
    # kombu keeps one pool for connections that look the same to it.
    apps = [make_app(load_settings(environ | {"REDIS_USERNAME": name, "REDIS_PASSWORD": "word"})) for name in "ab"]

    one, other = (app.connection_for_write() for app in apps)

    assert one != other
    assert hash(one) != hash(other)


def test_what_a_worker_tells_of_its_settings_can_be_written_and_shows_no_login(environ: dict[str, str]) -> None:
    app = make_app(load_settings(environ | {"REDIS_USERNAME": "platform", "REDIS_PASSWORD": "hush-hush"}))

    told = json.dumps(app.connection_for_read().info())  # `inspect stats` has it

    assert "BrokerLogin" in told
    assert "hush-hush" not in told


def test_no_password_means_no_login_in_the_url(settings: Settings) -> None:
    assert broker_url(settings) == "redis://localhost:6379/0"


def test_ipv6_address_is_bracketed(environ: dict[str, str]) -> None:
    parts = parse_url(broker_url(load_settings(environ | {"REDIS_HOST": "::1"})))

    assert (parts["hostname"], parts["port"]) == ("::1", 6379)


def test_tls_requires_the_servers_certificate(environ: dict[str, str]) -> None:
    settings = load_settings(environ | {"REDIS_TLS": "true", "REDIS_CA_FILE": "/etc/ca.pem"})

    app = make_app(settings)

    assert broker_url(settings).startswith("rediss://")
    assert app.conf.broker_use_ssl == {
        "ssl_cert_reqs": "required",
        "ssl_ca_certs": "/etc/ca.pem",
        "ssl_check_hostname": True,
    }


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


def test_work_goes_on_when_redis_is_away_for_a_moment(settings: Settings) -> None:
    conf = make_app(settings).conf

    # A doubled message meets a live lease: nothing is gained by killing what is being done.
    assert conf.worker_cancel_long_running_tasks_on_connection_loss is False
    assert conf.broker_connection_max_retries is None


def test_peer_that_vanished_is_noticed_within_a_minute(settings: Settings) -> None:
    options = make_app(settings).conf.broker_transport_options
    probes = options["socket_keepalive_options"]

    assert options["socket_keepalive"]
    silent = probes[socket.TCP_KEEPIDLE] + probes[socket.TCP_KEEPINTVL] * probes[socket.TCP_KEEPCNT]
    assert silent <= 60
    assert probes[socket.TCP_USER_TIMEOUT] <= 60_000  # milliseconds


class TestOrderOfQueues:
    def test_kombu_finds_it_by_the_name_in_the_settings(self, settings: Settings) -> None:
        name = make_app(settings).conf.broker_transport_options["queue_order_strategy"]

        assert symbol_by_name(name) is AssistLast

    def test_help_is_looked_for_when_all_else_is_empty(self) -> None:
        assert AssistLast([ASSIST_QUEUE, IO_QUEUE, CPU_QUEUE]).consume(3) == [IO_QUEUE, CPU_QUEUE, ASSIST_QUEUE]

    def test_the_other_queues_take_turns(self) -> None:
        order = AssistLast(list(QUEUES))

        order.rotate(IO_QUEUE)
        assert order.consume(3) == [CPU_QUEUE, IO_QUEUE, ASSIST_QUEUE]
        order.rotate(CPU_QUEUE)
        assert order.consume(3) == [IO_QUEUE, CPU_QUEUE, ASSIST_QUEUE]

    @given(st.permutations(QUEUES), st.lists(st.sampled_from(QUEUES), max_size=10))
    def test_help_stays_last_and_no_queue_is_forgotten_whatever_was_served(
        self, queues: list[str], served: list[str]
    ) -> None:
        order = AssistLast(queues)
        for queue in served:
            order.rotate(queue)

        found = order.consume(len(QUEUES))
        assert found[-1] == ASSIST_QUEUE
        assert sorted(found) == sorted(QUEUES)

    def test_worker_without_queues_looks_nowhere(self) -> None:
        assert AssistLast().consume(0) == []
