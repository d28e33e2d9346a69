# Results in a bucket (--default-storage-provider s3), and what differs from results in a folder.
#
# All that needs the world outside stays where Snakemake is started, and goes by: the dataset, the
# downloads, the record. Jobs elsewhere need the bucket alone.

from snakemake.exceptions import WorkflowError
from snakemake.io import get_flag_value, is_flagged

from nstcore.common.errors import StudyError

STORED = workflow.storage_settings.default_storage_provider is not None
BUCKET = (workflow.storage_settings.default_storage_prefix or "").rstrip("/")


def look_again(stored):
    """Whether the bucket has something below an address, which may be new since the last look.

    snakemake-storage-plugin-s3 0.3.6 keeps its first answer, and so never sees a folder that a job
    elsewhere makes.
    """
    stored._is_dir = stored._is_dir or any(stored.get_subkeys())
    return stored._is_dir


if workflow.storage_settings.default_storage_provider == "s3":
    workflow.storage_registry.default_storage_provider.get_storage_object_cls().is_dir = look_again


def address(path):
    """A file or folder of the study in the bucket."""
    return f"{BUCKET}/{path}"


def plain(output):
    """The path of an output as it is written in the workflow, wherever it lies."""
    if not is_flagged(output, "storage_object"):
        return output
    return get_flag_value(output, "storage_object").query.removeprefix(address(""))


def each(output, **values):
    """`expand`, which takes no output that lies in a bucket."""
    return expand(plain(output), **values)


def updated(output):
    """`update` where results lie in a folder; Snakemake 9.27 ends where such a file is in a bucket."""
    return output if STORED else update(output)


def in_bucket(path):
    """What Snakemake knows a file of the study by."""
    return workflow.storage_registry.default_storage_provider.object(address(path))


def kept(path):
    """Where a file that no job makes is written here."""
    return str(in_bucket(path).local_path()) if STORED else path


def fetch(path):
    """Have such a file here as it is in the bucket, or not at all.

    This is the first that asks for the bucket.

    Raises:
        StudyError: Credentials lack or are refused, or nothing answers.
    """
    if not STORED:
        return
    stored = in_bucket(path)
    try:
        stored.local_path().unlink(missing_ok=True)
        if workflow.async_run(stored.managed_exists()):
            workflow.async_run(stored.managed_retrieve())
    except WorkflowError as error:
        reason = " ".join(str(error.__context__ or error).split())
        raise StudyError(
            f"{BUCKET}: {reason}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and"
            " SNAKEMAKE_STORAGE_S3_ENDPOINT_URL for a server that is not AWS"
        ) from None


def store(path):
    """Bring such a file to the bucket."""
    if STORED:
        workflow.async_run(in_bucket(path).managed_store())


def find_log(name):
    """The file of a log, by its path or address; a job that failed left it in the bucket."""
    if not (STORED and name.startswith(address(""))):
        return name
    stored = in_bucket(name.removeprefix(address("")))
    stored.local_path().parent.mkdir(parents=True, exist_ok=True)
    if stored.exists():
        stored.retrieve_object()
    return stored.local_path()
