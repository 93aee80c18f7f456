import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_platform.models import EngineName, SandboxMode
from ocr_platform.ocr.limits import Limits
from ocr_platform.sandbox.config import Config
from tests.unit.sandbox.support import config

_count = st.integers(0, 2**53)
_seconds = st.floats(0, 1e6, allow_nan=False)


@given(
    st.builds(
        Config,
        limits=st.builds(
            Limits,
            max_pages=_count,
            max_pixels=_count,
            max_document_pixels=_count,
            max_page_inches=_seconds,
            render_dpi=_count,
        ),
        memory_bytes=_count,
        page_timeout=_seconds,
        document_timeout=_seconds,
        engine=st.sampled_from(EngineName),
        mode=st.sampled_from(SandboxMode),
        recycle_pages=_count,
        recycle_bytes=_count,
        model_cache_bytes=_count,
    )
)
def test_host_has_what_the_worker_says(told: Config) -> None:
    heard = Config.from_json(told.to_json())

    assert heard == told
    assert type(heard.engine) is EngineName
    assert type(heard.mode) is SandboxMode
    assert type(heard.limits) is Limits


def test_every_field_is_passed_on() -> None:
    assert {field.name for field in dataclasses.fields(Config)} >= {"limits", "engine", "mode", "memory_bytes"}
    for field in dataclasses.fields(Config):
        assert f'"{field.name}"' in config().to_json()


@pytest.mark.parametrize("text", ["{}", '{"limits": {}}', "[]", "nonsense"])
def test_what_no_worker_said_is_not_taken(text: str) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Config.from_json(text)
