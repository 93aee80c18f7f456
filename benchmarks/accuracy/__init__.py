"""How right the platform and other programs read the same pages. `python -m benchmarks.accuracy --help` says how."""
