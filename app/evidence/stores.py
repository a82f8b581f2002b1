"""Which store the settings name."""

from app.evidence.bucket import Bucket, BucketStore
from app.evidence.storage import FileStore, Store
from app.settings import Settings


def open_store(settings: Settings) -> Store:
    """Nothing is connected before it is needed."""
    if not settings.evidence_store:
        return FileStore(settings.evidence_dir)
    bucket, _, prefix = settings.evidence_store.removeprefix("s3://").partition("/")
    place = Bucket(
        bucket, prefix, settings.s3_endpoint, settings.s3_region, settings.s3_access_key, settings.s3_secret_key
    )
    return BucketStore(settings.evidence_dir, place)
