"""The Celery worker: its application, its tasks and what happens when a process starts or ends."""
