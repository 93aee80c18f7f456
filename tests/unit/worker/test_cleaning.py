from uuid import uuid4

from ocr_platform.staging import results_key, staging_key
from ocr_platform.testing import InMemoryStore
from ocr_platform.worker.cleaning import remove_objects


def test_all_that_a_job_stored_is_removed_and_nothing_of_another(store: InMemoryStore) -> None:
    gone, other = uuid4(), uuid4()
    for job_id in (gone, other):
        store.write(staging_key(job_id), b"[]", "application/json")
        store.write(results_key("clinic", job_id, "text.txt"), b"", "text/plain")
    store.write(results_key("another", gone, "text.txt"), b"", "text/plain")

    assert remove_objects(store, "clinic", gone) == 2

    assert len(store.objects) == 3
    assert remove_objects(store, "clinic", gone) == 0
