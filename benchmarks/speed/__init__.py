"""How fast recognition is, beside programs that people use for it: `python -m benchmarks.speed --help`."""
