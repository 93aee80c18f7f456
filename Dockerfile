# One image for every process of the platform: worker (the default), beat, Flower and migrate.
#
#   docker build -t ocr-platform:local .
#   docker run --rm ocr-platform:local --help
#
# It holds no secret and takes none at build time: passwords come as files when a container starts (see
# docker-compose.prod.yml), AWS credentials from the role of the machine.

# Debian's release is part of the name because it decides Tesseract's version (trixie: 5.5). Production pins a digest:
#   --build-arg BASE_IMAGE=python:3.13-slim-trixie@sha256:…
# Any Debian-based image that has python3 (3.11 or newer) with venv will do. Both stages use the same one, because the
# virtual environment made in the first points to the interpreter of the second.
ARG PYTHON_VERSION=3.13
ARG BASE_IMAGE=python:${PYTHON_VERSION}-slim-trixie


# ---- build: the virtual environment -------------------------------------------------------------------------------
FROM ${BASE_IMAGE} AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

RUN python3 -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH

WORKDIR /src

# The locked dependencies first: this layer is rebuilt only when the lock changes. Every file is checked against its hash,
# and only wheels are taken: no package runs code of its own here and no compiler is needed.
COPY requirements/production.txt requirements/production.txt
RUN pip install --no-compile --only-binary=:all: --require-hashes --requirement requirements/production.txt

COPY pyproject.toml README.md LICENSE ./
COPY ocr_platform/ ocr_platform/
# The build backend is in the lock, so nothing unlocked comes in (--no-build-isolation). It is removed afterwards with
# what only it needs, `pip check` proves that nothing else needed it, and pip goes last: a worker installs nothing.
RUN pip install --no-compile --no-deps --no-build-isolation . \
 && pip uninstall --yes editables hatchling pathspec pluggy tomlkit trove-classifiers \
 && pip check \
 && pip uninstall --yes pip

# Bytecode is written now and never again: the root filesystem is read-only when it runs, so Python could not cache it
# and would compile every module at every start. "unchecked-hash": an image does not change, so Python need not compare
# the sources, and the time stamps that copying changes do not matter.
RUN python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib


# ---- run ----------------------------------------------------------------------------------------------------------
FROM ${BASE_IMAGE} AS runtime

# Language packs, by the last part of Debian's package names (for chi_sim: chi-sim):
#   --build-arg TESSERACT_LANGUAGES="eng ita chi-sim"
# English and the orientation model (osd) come with tesseract-ocr in any case.
ARG TESSERACT_LANGUAGES="eng deu fra spa"

# Versions are not pinned: Debian keeps only the newest of a release, the one with its security fixes.
# hadolint ignore=DL3008
RUN set -eu; export DEBIAN_FRONTEND=noninteractive; \
    set -- tesseract-ocr libseccomp2; \
    for language in $TESSERACT_LANGUAGES; do \
        set -- "$@" "tesseract-ocr-$language"; \
    done; \
    apt-get update; \
    apt-get install --yes --no-install-recommends "$@"; \
    apt-get clean; rm -rf /var/lib/apt/lists/*; \
    tesseract --list-langs

# Python's official images ship the standard library without bytecode; see the build stage. That costs a worker a third of
# a second whenever one of its processes starts.
RUN python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash \
        "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"

# The number is fixed because a tmpfs, a volume or a policy outside has to name it. The account owns nothing but its
# temporary directory, over which a tmpfs is mounted in production: page images never touch a disk.
RUN groupadd --gid 10001 ocr \
 && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin ocr \
 && install --directory --owner=10001 --group=10001 --mode=0700 /run/ocr-platform

# Owned by root: the account that decodes untrusted documents cannot change the program.
COPY --from=build /opt/venv /opt/venv

# OMP_THREAD_LIMIT: one thread a recognition; the platform works on several pages at once instead.
# PYTHONSAFEPATH: nothing is imported from the working directory.
# PYTHONDONTWRITEBYTECODE: do not even try; see above.
ENV PATH=/opt/venv/bin:$PATH \
    LANG=C.UTF-8 \
    OMP_THREAD_LIMIT=1 \
    OCR_TEMP_DIR=/run/ocr-platform \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    TMPDIR=/run/ocr-platform

ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ocr-platform" \
      org.opencontainers.image.description="Self-hosted OCR for documents that nobody else may read" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

WORKDIR /
USER 10001:10001
# A worker stops taking work on SIGTERM, ends or hands back what it has, and exits.
STOPSIGNAL SIGTERM
ENTRYPOINT ["ocr-platform"]
CMD ["worker"]
