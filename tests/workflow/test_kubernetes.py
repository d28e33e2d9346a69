"""Studies whose results lie in a bucket, and whose jobs run in pods: the real plugins throughout.

The bucket is on 127.0.0.1. The cluster is a stand-in for its API, which runs each pod's command as
a process in an empty folder; its images are this environment.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from bucket import CREDENTIALS, read_all, serve, write
from conftest import ROOT
from kubernetes_server import KubernetesServer
from processes import see
from test_workflow import UNJUDGED, jobs

from nstcore.common.bucket import fetch_newer
from nstcore.demo import paint_dataset, write_photographs

pytestmark = pytest.mark.workflow

CONFIG = {
    **UNJUDGED,
    "image_size": 32,
    "styles": {"images": 2, "artists": ["Ada Curl"]},
    "optimizers": {"adam": {"learning_rate": 0.02}},
}
BIN = Path(sys.executable).parent
TARGET = "results/small/targets/Net-untrained/Ada_Curl.npz"
# As planned at first; the pictures are prepared here, too.
OUTSIDE = ("catalogue_dataset", "select_pictures", "load_backbone")


@pytest.fixture(scope="module")
def address():
    with serve() as address:
        yield address


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The project as git has it, with the pictures of a study beside it: jobs get git's files."""
    folder = tmp_path_factory.mktemp("project")
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
    paint_dataset(folder / "artworks", seed=1, paintings=4)
    write_photographs(folder / "photographs")
    (folder / "study.yaml").write_text(yaml.safe_dump(CONFIG), "utf-8")
    return folder


def variables(address):
    return {**os.environ, **CREDENTIALS, "SNAKEMAKE_STORAGE_S3_ENDPOINT_URL": address}


def here(project, environment, *words, bucket="studies", config="study.yaml"):
    """Run the workflow on this machine, with its results in a bucket."""
    given = ["--default-storage-provider", "s3", "--default-storage-prefix", f"s3://{bucket}"]
    given += ["--cores", "2", "--storage-s3-retries", "0", "--configfile", config]
    return see([BIN / "snakemake", *words, *given], cwd=project, env=environment)


@pytest.fixture(scope="module")
def run(project, address):
    """A style's target, computed in a pod: what was on the screen, and the cluster after it."""
    image = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    # The image has the plugin's requirements, as this environment has.
    image |= {"PATH": f"{BIN}:/usr/bin:/bin", "PIP_NO_DEPS": "1"}
    with KubernetesServer(image) as cluster:
        kubeconfig = cluster.write_kubeconfig(project / ".git" / "kubeconfig")
        done = see(
            [
                *(BIN / "snakemake", TARGET, "--profile", "profiles/kubernetes"),
                *("--container-image", "registry/nstcore:0.1.0"),
                *("--default-storage-prefix", "s3://studies", "--configfile", "study.yaml"),
                *("--seconds-between-status-checks", "1", "--cores", "2"),
            ],
            cwd=project,
            env={**variables(address), "KUBECONFIG": str(kubeconfig)},
        )
        assert done.returncode == 0, done.stdout
        yield done, cluster


def test_a_pod_computes_what_this_machine_would(run, project, address):
    done, cluster = run
    # All that needs the network or the pictures was done here.
    assert jobs(done).keys() == {*OUTSIDE, "build_target"}
    (manifest,) = cluster.manifests
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    assert "'build_target:backbone=" in container["args"][1]
    assert len(cluster.deleted) == 1
    first = read_all(address, "studies")
    assert {"results/small/config.json", "results/small/runs.json", TARGET} <= first.keys()
    again = here(project, variables(address), TARGET, "--force")
    assert again.returncode == 0, again.stdout
    assert jobs(again) == {"build_target": 1}
    second = read_all(address, "studies")
    assert second[TARGET] == first[TARGET]
    assert not (project / "results").exists()
    assert "Nothing to be done" in here(project, variables(address), TARGET).stdout


def test_a_job_s_manifest_is_valid_and_asks_for_what_its_rule_needs(run):
    (manifest,) = run[1].manifests
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry/nstcore:0.1.0"
    limits = container["resources"]["limits"]
    assert limits.keys() == {"cpu", "memory", "ephemeral-storage"}
    assert int(limits["memory"].removesuffix("M")) >= 500
    broken = json.loads(json.dumps(manifest))
    broken["spec"]["template"]["spec"]["containers"][0]["imagee"] = "x"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, kubernetes_validate.latest_version(), strict=True)


def test_credentials_are_in_a_secret_that_ends_with_the_run_and_nowhere_else(run, project, address):
    done, cluster = run
    secret = CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
    names = {
        entry["name"]
        for entry in cluster.manifests[0]["spec"]["template"]["spec"]["containers"][0]["env"]
    }
    assert CREDENTIALS.keys() <= names
    assert not cluster.secrets
    assert secret not in done.stdout + json.dumps(cluster.manifests)
    assert all(secret.encode() not in content for content in read_all(address, "studies").values())
    logs = (project / ".snakemake" / "log").glob("*.log")
    assert all(secret not in log.read_text("utf-8") for log in logs)


def test_another_config_is_refused_by_the_record_in_the_bucket(run, project, address):
    (project / "other.yaml").write_text(yaml.safe_dump({**CONFIG, "seed": 2}), "utf-8")
    done = here(project, variables(address), config="other.yaml")
    assert done.returncode == 1
    last = done.stdout.splitlines()[-1]
    assert last.startswith("error: ")
    assert "computed with another config (seed: 1 -> 2)" in last


def test_a_bucket_that_cannot_be_had_is_told_in_one_line(project, address):
    environment = variables(address)
    del environment["AWS_SECRET_ACCESS_KEY"], environment["AWS_ACCESS_KEY_ID"]
    environment |= {"AWS_EC2_METADATA_DISABLED": "true", "HOME": str(project)}
    silent = variables("http://127.0.0.1:9")
    for given, reason in ((environment, "Unable to locate credentials"), (silent, "Could not")):
        done = here(project, given, "--dry-run")
        assert done.returncode == 1
        told = [line for line in done.stdout.splitlines() if line.startswith("error: ")]
        assert len(told) == 1, done.stdout
        assert done.stdout.splitlines()[-1] == told[0]
        assert told[0].startswith("error: s3://studies: ")
        assert reason in told[0]
        assert "SNAKEMAKE_STORAGE_S3_ENDPOINT_URL" in told[0]


def test_what_a_job_said_before_it_failed_is_read_from_the_bucket(project, address):
    folder = project / "damaged"
    shutil.copytree(project / "artworks", folder)
    for picture in (folder / "images").rglob("*.jpg"):
        picture.write_bytes(b"none")
    config = {**CONFIG, "study": "damaged", "data": {"source": "directory", "path": "damaged"}}
    (project / "damaged.yaml").write_text(yaml.safe_dump(config), "utf-8")
    done = here(
        project,
        variables(address),
        "results/damaged/selection.csv",
        bucket="others",
        config="damaged.yaml",
    )
    assert done.returncode == 1
    last = done.stdout.splitlines()[-1]
    assert last.startswith("error: ")
    assert "unusable pictures" in last
    (log,) = (key for key in read_all(address, "others") if key.endswith("select_pictures.log"))
    assert last in read_all(address, "others")[log].decode()


def test_what_is_newer_in_a_bucket_is_fetched_but_for_networks(address, tmp_path, monkeypatch):
    for name, value in (*CREDENTIALS.items(), ("SNAKEMAKE_STORAGE_S3_ENDPOINT_URL", address)):
        monkeypatch.setenv(name, value)
    keys = ("config.json", "logs/a.log", "backbones/VGG16.weights.h5", "../outside.json")
    for key in keys:
        write(address, "kept", f"results/demo/{key}", key.encode())
    fetched = fetch_newer("s3://kept/results/demo", tmp_path / "demo")
    assert fetched == [tmp_path / "demo/config.json", tmp_path / "demo/logs/a.log"]
    assert not (tmp_path / "outside.json").exists()
    assert fetch_newer("s3://kept/results/demo", tmp_path / "demo") == []
    (tmp_path / "demo/config.json").write_text("old", "utf-8")
    os.utime(tmp_path / "demo/config.json", (0, 0))
    assert fetch_newer("s3://kept/results/demo", tmp_path / "demo") == fetched[:1]
    assert (tmp_path / "demo/config.json").read_text("utf-8") == "config.json"
