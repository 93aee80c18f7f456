"""Foreign bytes are decoded in a process of their own, without secrets and under limits.

`reader` is the worker's side, `child` the process; they share `frames` and nothing else.
"""
