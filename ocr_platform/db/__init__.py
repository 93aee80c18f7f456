"""Postgres: tables, migrations, the repository that the steps use and the queries that applications use."""
