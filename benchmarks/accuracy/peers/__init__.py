"""Programs that run in the peers' virtual environment; none of them imports the platform."""
