"""Accuracy of what contenders read, with rapidfuzz's edit distance: readings by name in, means by name out."""

import json
import sys
from dataclasses import asdict

from rapidfuzz.distance import Levenshtein

from benchmarks.speed.accuracy import Reading, accuracy


def main() -> None:
    """Answer."""
    given = json.load(sys.stdin)
    found = {
        name: asdict(accuracy([Reading(**each) for each in readings], Levenshtein.distance))
        for name, readings in given.items()
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
