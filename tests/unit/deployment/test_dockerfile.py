"""The image: two stages, not root, nothing secret, nothing that is not asked for."""

import json
import re

from tests.unit.deployment.support import ROOT, SECRET_NAME, arguments, environment, instructions


class TestDockerfile:
    def test_it_builds_in_one_stage_and_runs_in_another_on_the_same_base(self) -> None:
        assert arguments("FROM") == ["${BASE_IMAGE} AS build", "${BASE_IMAGE} AS runtime"]
        assert [rest for rest in arguments("COPY") if rest.startswith("--from")] == ["--from=build /opt/venv /opt/venv"]

    def test_the_last_user_is_a_number_and_not_root(self) -> None:
        assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", arguments("USER")[-1])
        last = [name for name, _ in instructions()]
        assert last.index("USER") > max(i for i, name in enumerate(last) if name in {"RUN", "COPY"})

    def test_it_runs_the_platforms_command_and_a_worker_by_default(self) -> None:
        assert json.loads(arguments("ENTRYPOINT")[-1]) == ["ocr-platform"]
        assert json.loads(arguments("CMD")[-1]) == ["worker"]
        assert arguments("STOPSIGNAL") == ["SIGTERM"]
        assert not arguments("HEALTHCHECK"), "each service of the compose file has its own"

    def test_no_secret_is_set_or_taken(self) -> None:
        for rest in arguments("ARG") + arguments("ENV"):
            names = re.findall(r"([A-Z_]+)=", rest)
            assert names
            assert not any(SECRET_NAME.search(name) for name in names)
        assert not any("--mount=type=secret" in rest for rest in arguments("RUN"))

    def test_dependencies_are_the_locked_ones(self) -> None:
        installs = [command for rest in arguments("RUN") for command in rest.split(" && ") if "pip install" in command]
        assert len(installs) == 2
        assert "--require-hashes --requirement requirements/production.txt" in installs[0]
        assert "--no-deps --no-build-isolation" in installs[1]

    def test_tesseract_has_one_thread_and_its_files_go_where_compose_mounts_a_tmpfs(self) -> None:
        environ = dict(re.findall(r"(\w+)=(\S+)", " ".join(arguments("ENV"))))
        assert environ["OMP_THREAD_LIMIT"] == "1"
        assert environ["OCR_TEMP_DIR"] == environ["TMPDIR"] == environment("worker")["OCR_TEMP_DIR"]

    def test_only_what_is_copied_enters_the_build(self) -> None:
        lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        patterns = [line for line in lines if line and not line.startswith("#")]
        assert patterns[0] == "*"
        admitted = {line[1:] for line in patterns if line.startswith("!")}
        copied = {
            source.rstrip("/")
            for rest in arguments("COPY")
            if not rest.startswith("--from")
            for source in rest.split()[:-1]
        }
        assert admitted == copied
        assert all((ROOT / name).exists() for name in copied)
