"""config/systemd: units that stop as the program expects, and that may do nothing they need not."""

import shutil
import subprocess
from pathlib import Path

import pytest

from ocr_platform.cli import main
from ocr_platform.errors import EXIT_CONFIG
from ocr_platform.settings import Settings
from tests.unit.deployment.support import ROOT, SERVICES, interpolate

UNITS = {name: ROOT / "config" / "systemd" / f"ocr-platform-{name}.service" for name in ("worker", "beat")}
pytestmark = pytest.mark.parametrize("name", UNITS)


def _unit(name: str) -> dict[str, dict[str, list[str]]]:
    """Sections, and the values of each key in order."""
    sections: dict[str, dict[str, list[str]]] = {}
    for line in UNITS[name].read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            key, is_set, value = line.partition("=")
            assert is_set, line
            section.setdefault(key, []).append(value)
    return sections


def _service(name: str) -> dict[str, str]:
    """The service's keys that are set once."""
    return {key: values[0] for key, values in _unit(name)["Service"].items() if len(values) == 1}


def _environment(name: str) -> dict[str, str]:
    pairs = " ".join(_unit(name)["Service"]["Environment"]).split()
    return {key: value for key, _, value in (pair.partition("=") for pair in pairs)}


def test_it_runs_the_command_of_its_name_as_a_user_of_its_own(name: str) -> None:
    program, command = _service(name)["ExecStart"].split()
    assert program.endswith("/bin/ocr-platform")
    assert command == name
    assert command in main.commands
    assert _service(name)["User"] == _service(name)["Group"] == "ocr-platform"


def test_its_settings_come_from_the_file_and_no_secret_stands_in_it(name: str) -> None:
    assert _service(name)["EnvironmentFile"] == "/etc/ocr-platform/production.env"
    text = UNITS[name].read_text(encoding="utf-8")
    assert not any(word in text for word in ("PASSWORD", "SECRET", "ACCESS_KEY"))
    assert {key for key in _environment(name) if key.startswith("OCR_")} <= set(map(str.upper, Settings.model_fields))


def test_the_main_process_alone_is_told_to_stop_and_has_the_time_that_it_needs(name: str) -> None:
    service = _service(name)
    assert service["KillMode"] == "mixed"
    assert service["KillSignal"] == "SIGTERM"
    assert float(service["TimeoutStopSec"]) >= Settings.model_fields["ocr_stop_seconds"].default + 10


def test_it_comes_back_for_ever(name: str) -> None:
    service = _service(name)
    assert service["Restart"] == "always"
    assert float(service["RestartSec"]) > 0
    assert _unit(name)["Unit"]["StartLimitIntervalSec"] == ["0"]
    # A worker ends with this code when a server is away for long, beat when its settings are wrong, and only then.
    assert service.get("RestartPreventExitStatus") == (None if name == "worker" else str(EXIT_CONFIG))


def test_memory_never_reaches_a_disk(name: str) -> None:
    service = _service(name)
    assert service["LimitCORE"] == "0"
    assert service["MemorySwapMax"] == "0"
    assert service["MemoryMax"].lower() == interpolate(SERVICES[name]["mem_limit"], {}).lower()


def test_temporary_files_go_where_only_it_may_look_and_where_nothing_stays(name: str) -> None:
    service = _service(name)
    # Not shared: it is removed when the unit that names it stops.
    assert service["RuntimeDirectory"] == f"ocr-platform-{name}"
    assert service["RuntimeDirectoryMode"] == "0700"
    environment = _environment(name)
    assert environment["OCR_TEMP_DIR"] == environment["TMPDIR"] == f"%t/{service['RuntimeDirectory']}"


def test_it_may_do_nothing_that_it_need_not(name: str) -> None:
    service = _service(name)
    for key in (
        "NoNewPrivileges",
        "PrivateTmp",
        "PrivateDevices",
        "ProtectHome",
        "RestrictSUIDSGID",
        "LockPersonality",
    ):
        assert service[key] == "yes", key
    for key in ("Clock", "ControlGroups", "Hostname", "KernelLogs", "KernelModules", "KernelTunables"):
        assert service[f"Protect{key}"] == "yes", key
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == service["AmbientCapabilities"] == ""
    assert set(service["RestrictAddressFamilies"].split()) == {"AF_INET", "AF_INET6", "AF_UNIX"}
    assert service["SystemCallFilter"] == "@system-service"
    assert "ReadWritePaths" not in service


def test_as_many_pages_are_recognised_at_once_as_the_memory_is_for(name: str) -> None:
    if name == "worker":
        assert int(_service(name)["MemoryMax"].removesuffix("G")) == 1 + int(_environment(name)["OCR_CONCURRENCY"])
        assert _service(name)["OOMPolicy"] == "continue"
    else:
        assert "OCR_CONCURRENCY" not in _environment(name)


def test_systemd_itself_finds_no_fault(name: str, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    # The program is not installed where the unit expects it.
    copy = tmp_path / UNITS[name].name
    program = _service(name)["ExecStart"].split()[0]
    copy.write_text(UNITS[name].read_text(encoding="utf-8").replace(program, "/bin/true"), encoding="utf-8")

    checked = subprocess.run([analyze, "verify", copy], check=False, capture_output=True, text=True)

    assert (checked.returncode, checked.stderr) == (0, "")
