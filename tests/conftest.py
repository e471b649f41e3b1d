"""Test-wide rules: which dehusk is under test, and that it is only ever imported by its full name."""

import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from buckets import serve_bucket
from hub import WRITE_TOKEN, Hub
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

import dehusk.schema
from dehusk.builders.build import build_dataset

ROOT = Path(__file__).parents[1]

# How long an example takes is no matter of these tests; on a busy machine hypothesis would call it a failure.
settings.register_profile("ours", deadline=None)
settings.load_profile("ours")

# `python -m pytest` puts the repository root on sys.path, where `import schema` would find our folder.
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != ROOT]


def pytest_report_header() -> str:
    return f"dehusk.schema: {Path(dehusk.schema.__file__).parent}"


@pytest.fixture(autouse=True, scope="session")
def _this_checkout() -> None:
    """Fails when an editable install of another checkout is being tested."""
    assert Path(dehusk.schema.__file__).is_relative_to(ROOT), "run `pip install --no-deps -e .` in this checkout"


@pytest.fixture(autouse=True, scope="session")
def _nothing_leaves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test may look a host up, connect anywhere but to this machine, or use the person's own caches."""

    look_up, connect = socket.getaddrinfo, socket.socket.connect

    def guarded_look_up(host: Any, *args: Any, **options: Any) -> Any:
        if host not in ("127.0.0.1", "localhost", None):
            raise OSError(f"tests may not look up {host}")
        return look_up(host, *args, **options)

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"tests may not connect to {address}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        # No audit hook: while one runs, a thread that begins cannot be traced for coverage, and dies.
        patch.setattr("socket.getaddrinfo", guarded_look_up)
        patch.setattr("socket.socket.connect", guarded_connect)
        patch.setenv("HF_HOME", str(tmp_path_factory.mktemp("hf")))
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("HF_UPDATE_DOWNLOAD_COUNTS", "0")
        patch.setenv("HF_XET_CLIENT_RETRY_MAX_ATTEMPTS", "2")  # read once in a process; else a cut line costs minutes
        patch.setenv("HF_XET_CLIENT_RETRY_BASE_DELAY", "20ms")
        yield


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The repository's own seed pages."""
    return ROOT / "seeds"


@pytest.fixture(scope="session")
def gold() -> Path:
    """What a careful reader says of the seed pages."""
    return ROOT / "tests" / "gold"


@pytest.fixture(scope="session")
def dist(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset built from the seed pages; tests that change it copy it first."""
    out = tmp_path_factory.mktemp("built") / "dist"
    build_dataset(seeds, out)
    return out


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub on this machine, and a token that may write to it; the hub's client may go out, as far as that."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setenv("HF_TOKEN", WRITE_TOKEN)
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    with Hub(tmp_path / "hub") as served:
        yield served
        assert [call for call in served.calls if call.unhandled or call.bug or call.leak] == []
        assert {call.token for call in served.calls if call.origin == "storage"} <= {"none", "xet"}


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server of S3 on this machine, with one empty bucket; its address and secrets are in the environment."""
    with serve_bucket(tmp_path_factory.mktemp("bucket")) as url:
        yield url


@pytest.fixture(scope="module")  # no longer: while it lasts, no other test of this process can run a loop of asyncio
def browser() -> Iterator[Browser]:
    """A Chromium of this machine, without a window."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no browser here: `apt-get install chromium` gives one")
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=program) as launched:
        yield launched
