"""The price of reliability: `python -m benchmarks.overhead --help`."""
