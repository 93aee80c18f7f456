"""Versions of installed distributions: a list of names in, an object out."""

import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version


def main() -> None:
    """Answer; what is not installed is left out."""
    found = {"Python": platform.python_version()}
    for name in json.load(sys.stdin):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
