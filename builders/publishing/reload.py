"""Reload: what was published is loaded as any user would load it, and compared with what was built.

It runs in a process of its own: `datasets` reads the hub's address and its cache folders when it is imported, and tells
a third party the name of every dataset it loads unless that is turned off before.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pyarrow.parquet as pq

from dehusk.builders.pack import PackedFile, content_digest, split_name
from dehusk.schema.errors import ArrivalError, UsageError

from .publication import Plan
from .store import Store
from .targets import HubTarget, masked

_QUIET: Final = {
    "HF_HUB_OFFLINE": "0",
    "HF_DATASETS_OFFLINE": "0",
    "HF_DEBUG": "0",
    "HF_UPDATE_DOWNLOAD_COUNTS": "0",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
}
"""What the process is told: to go out, and to tell nobody else of it."""


def reload_from_hub(plan: Plan, target: HubTarget, commit: str) -> None:
    """Loads a commit of a hub into a folder that is removed afterwards, and compares rows, features and content.

    Raises:
        ArrivalError: it cannot be loaded, or is not what was built.
    """
    _reload(plan, {"path": target.repo_id, "revision": commit}, {"HF_ENDPOINT": target.endpoint})


def reload_from_store(plan: Plan, store: Store) -> None:
    """The same for files; see `reload_from_hub`."""
    splits: dict[str, list[str]] = {}
    for file in _data(plan):
        splits.setdefault(split_name(file.path), []).append(store.address(file.path))
    _reload(plan, {"path": "parquet", "data_files": splits}, {})


def _data(plan: Plan) -> list[PackedFile]:
    return [file for file in plan.manifest.files if file.content is not None]


def _reload(plan: Plan, source: dict[str, Any], environment: dict[str, str]) -> None:
    files = [
        {"path": file.path, "split": split_name(file.path), "rows": file.rows, "content": file.content}
        for file in _data(plan)
    ]
    job = {"source": source, "folder": str(plan.folder.resolve()), "files": files}
    with TemporaryDirectory(prefix="dehusk-") as cache:
        caches = {name: f"{cache}/{name}" for name in ("HF_HUB_CACHE", "HF_DATASETS_CACHE", "HF_XET_CACHE")}
        done = subprocess.run(  # noqa: S603 - this Python, this module
            [sys.executable, "-P", "-m", __name__],
            input=json.dumps(job),
            env={**os.environ, **_QUIET, **environment, **caches},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode == NOT_INSTALLED:
        raise UsageError("loading what was published needs datasets", "pip install 'dehusk[publish]'")
    try:
        problems = json.loads(done.stdout)
    except ValueError:
        lines = done.stderr.strip().splitlines()
        problems = [f"it cannot be loaded: {lines[-1] if lines else 'no answer'}"]
    if problems:
        raise ArrivalError(
            f"{plan.target.url}: {masked(problems[0])}", "all files have arrived; look at it, then publish again"
        )


# -- in the process of its own --

NOT_INSTALLED: Final = 77


def find_problems(job: dict[str, Any]) -> list[str]:
    """Loads a dataset and says, in sentences, how it differs from what was built.

    Args:
        job: `source`, what `load_dataset` takes; `folder`, the dataset here; `files`, each with its split, number of
            rows and digest of content, in the order in which they are loaded.
    """
    import datasets

    loaded = datasets.load_dataset(**job["source"])
    expected: dict[str, list[dict[str, Any]]] = {}
    for file in job["files"]:
        expected.setdefault(file["split"], []).append(file)
    if set(loaded) != set(expected):
        return [f"it loads the splits {sorted(loaded)}, and {sorted(expected)} were built"]
    problems = []
    for split, files in expected.items():
        features = datasets.Features.from_arrow_schema(pq.read_schema(Path(job["folder"]) / files[0]["path"]))
        problems += _compare_split(split, loaded[split], features, files)
    return problems


def _compare_split(split: str, loaded: Any, features: Any, files: list[dict[str, Any]]) -> list[str]:
    rows = sum(file["rows"] for file in files)
    if loaded.num_rows != rows:
        return [f"{split} loads with {loaded.num_rows} rows, and {rows} were built"]
    if loaded.features != features:
        return [f"{split} loads with other features than were built"]
    tables, at, problems = loaded.with_format("arrow"), 0, []
    for file in files:
        if content_digest(tables[at : at + file["rows"]]) != file["content"]:
            problems.append(f"the records of {file['path']} load with other content than was built")
        at += file["rows"]
    return problems


def main() -> int:
    """Reads a job from standard input and writes the problems to standard output, both JSON."""
    try:
        import datasets  # noqa: F401
    except ImportError:
        return NOT_INSTALLED
    json.dump(find_problems(json.load(sys.stdin)), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
