"""As much of the Kubernetes API as Snakemake's executor asks for, on 127.0.0.1.

Each job is kept as it was posted, and its command run here as a process, in an empty folder, with
the variables that its manifest names and no others of this machine's but what the image would set.
"""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

_PATH = re.compile(
    r"/(?:api/v1|apis/batch/v1)/namespaces/(?P<namespace>[^/]+)/(?P<kind>secrets|jobs|pods)"
    r"(?:/(?P<name>[^/?]+))?(?:/(?P<part>status|log))?(?:\?(?P<query>.*))?$"
)


class KubernetesServer:
    """Use it in a `with` block.

    Attributes:
        manifests: Every job that was posted, in order.
        secrets: Those that are there, by name: their variables, decoded.
        deleted: The names of jobs that were deleted.
    """

    def __init__(self, image: Mapping[str, str]) -> None:
        """Prepare the server.

        Args:
            image: What the image sets: variables by name, `PATH` above all.
        """
        self.image = dict(image)
        self.manifests: list[dict[str, Any]] = []
        self.secrets: dict[str, dict[str, str]] = {}
        self.deleted: list[str] = []
        self._running: dict[str, tuple[subprocess.Popen[bytes], Path]] = {}
        server = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size)) if size else {}
                code, answer = server._answer(self.command, self.path, body)
                text = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
                kind = "text/plain" if isinstance(answer, str) else "application/json"
                self.send_response(code)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_DELETE = _answer  # noqa: N815 (http.server's names)

            def log_message(self, *arguments: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> "KubernetesServer":
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        for name in list(self._running):
            self._end(name)

    def write_kubeconfig(self, path: Path) -> Path:
        """Write what `KUBECONFIG` names."""
        server = f"http://127.0.0.1:{self._http.server_port}"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": server}}],
            "users": [{"name": "me", "user": {}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        }
        path.write_text(yaml.safe_dump(config), "utf-8")
        return path

    def _answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        found = _PATH.match(path)
        if not found:
            return 404, _status(404)
        kind, name = found["kind"], found["name"]
        if kind == "secrets" and method == "POST":
            data = body.get("data") or {}
            decoded = {key: base64.b64decode(value).decode() for key, value in data.items()}
            self.secrets[body["metadata"]["name"]] = decoded
            return 201, body
        if kind == "secrets" and method == "DELETE":
            return (200, _status(200)) if self.secrets.pop(name, None) is not None else _gone()
        if kind == "jobs" and method == "POST":
            # The API knows these by the address, and the executor leaves them out.
            self.manifests.append({"apiVersion": "batch/v1", "kind": "Job", **body})
            self._start(body)
            return 201, body
        job = (name or found["query"] or "").removeprefix("labelSelector=job-name%3D")
        if job not in self._running:
            return (200, {"kind": "PodList", "items": []}) if not name else _gone()
        if kind == "jobs" and method == "GET":
            return 200, self._job(job)
        if kind == "pods" and found["part"] == "log":
            return 200, (self._running[job][1] / "output").read_text("utf-8", "replace")
        if kind == "pods" and method == "GET":
            return 200, {"apiVersion": "v1", "kind": "PodList", "items": [self._pod(job)]}
        if kind == "jobs":
            self.deleted.append(job)
            self._end(job)
        return 200, _status(200)

    def _start(self, manifest: dict[str, Any]) -> None:
        (container,) = manifest["spec"]["template"]["spec"]["containers"]
        variables = dict(self.image)
        for entry in container.get("env", ()):
            source = entry["valueFrom"]["secretKeyRef"]
            variables[entry["name"]] = self.secrets[source["name"]][source["key"]]
        folder = Path(tempfile.mkdtemp(prefix="pod-"))
        (folder / "workdir").mkdir()
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(
                [*container["command"], *container["args"]],
                cwd=folder / "workdir",
                env={**variables, "HOME": str(folder)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running[manifest["metadata"]["name"]] = process, folder

    def _end(self, job: str) -> None:
        process, folder = self._running.pop(job)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        shutil.rmtree(folder)

    def _job(self, job: str) -> dict[str, Any]:
        code = self._running[job][0].poll()
        status = {} if code is None else {"succeeded" if code == 0 else "failed": 1}
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": job},
            "status": status,
        }

    def _pod(self, job: str) -> dict[str, Any]:
        code = self._running[job][0].poll()
        state = {"running": {}} if code is None else {"terminated": {"exitCode": code}}
        container = {
            "name": "snakemake",
            "state": state,
            "ready": code is None,
            "image": "",
            "imageID": "",
            "restartCount": 0,
        }
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": job},
            "status": {"containerStatuses": [container]},
        }


def _status(code: int) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Status", "code": code}


def _gone() -> tuple[int, dict[str, Any]]:
    return 404, _status(404)
