"""Files of a study whose results lie in a bucket (S3)."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from nstcore.common.errors import DataError
from nstcore.common.files import atomic_write, drop_checksum

# Networks and targets: large, and nothing that is looked at.
_LEFT_OUT = (".h5", ".npz")


def fetch_newer(url: str, folder: Path | str) -> list[Path]:
    """Fetch what a bucket has under a prefix and a folder lacks, or has in an older version.

    Networks and targets are left out.

    The address of a server other than AWS and the credentials come from the environment
    (`SNAKEMAKE_STORAGE_S3_ENDPOINT_URL` or `AWS_ENDPOINT_URL`; `AWS_ACCESS_KEY_ID` and so on).

    Args:
        url: The study in the bucket, as s3://bucket/results/demo.
        folder: What stands for it here.

    Returns:
        The files that were fetched.

    Raises:
        DataError: The bucket cannot be reached, or refuses.
    """
    # Late: only a study in a bucket needs it, and only the cluster's lock has it.
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    address = urlsplit(url)
    prefix = address.path.strip("/") + "/"
    fetched = []
    try:
        endpoint = os.environ.get("SNAKEMAKE_STORAGE_S3_ENDPOINT_URL")
        bucket = boto3.resource("s3", endpoint_url=endpoint).Bucket(address.netloc)
        for entry in bucket.objects.filter(Prefix=prefix):
            name = entry.key.removeprefix(prefix)
            path = Path(folder, name)
            if not name or name.endswith(("/", *_LEFT_OUT)) or ".." in Path(name).parts:
                continue
            if path.is_file() and path.stat().st_mtime >= entry.last_modified.timestamp():
                continue
            with atomic_write(path) as draft:
                bucket.download_file(entry.key, str(draft))
            drop_checksum(path)
            fetched.append(path)
    except (BotoCoreError, ClientError) as error:
        raise DataError(f"{url}: {error}; see docs/kubernetes.md") from None
    return fetched
