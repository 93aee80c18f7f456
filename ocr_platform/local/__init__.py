"""The throw-away local stack: private Redis and PostgreSQL, an AWS emulator, worker, beat and Flower."""
