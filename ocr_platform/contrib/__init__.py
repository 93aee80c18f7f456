"""What is of use in one web framework alone. Each module needs its framework, and nothing here imports them all."""
