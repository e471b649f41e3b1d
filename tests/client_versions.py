"""With which versions of the hub's client and of `datasets` publishing works: `python tests/client_versions.py FOLDER`.

For each pair a virtual environment in FOLDER gets this checkout and these versions, as pip installs them from the
package index, and runs the tests of publishing to a hub. More words are given to pytest: `-k "whole or changes"`.
What a run gave stands in `docs/publishing.md`. `datasets` 4 wants huggingface_hub below 2, and 5.2 wants 1.31 or later.
"""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAIRS = (("1.12.0", "4.4.2"), ("1.33.0", "5.2.0"), ("2.4.0", "5.2.0"))
TESTS = (
    "test_whole_way.py",
    "test_publish_changes.py",
    "test_publish_hub.py",
    "test_publish_faults.py",
    "test_diff_hub.py",
)


def install(folder: Path, hub: str, datasets: str) -> str:
    """Makes the environment; gives pip's last word where it does not install, else nothing."""
    if (folder / "whole").exists():
        return ""
    venv.create(folder, clear=True, with_pip=True)
    wanted = [f"huggingface-hub=={hub}", f"datasets=={datasets}", "pytest", "hypothesis", "playwright"]
    command = [
        str(folder / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--editable",
        f"{ROOT}[publish]",
        *wanted,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return next((line for line in done.stderr.splitlines() if line.startswith("ERROR")), "ERROR")
    (folder / "whole").touch()
    return ""


def main(folder: Path, *words: str) -> int:
    failed = 0
    for hub, datasets in PAIRS:
        place = folder / f"hub-{hub}-datasets-{datasets}"
        said = install(place, hub, datasets)
        if not said:
            tests = [str(ROOT / "tests" / name) for name in TESTS]
            command = [str(place / "bin" / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, *words]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            (place / "log").write_text(done.stdout + done.stderr)
            failed += done.returncode != 0
            said = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr[-200:]
        print(f"huggingface_hub {hub}, datasets {datasets}: {said}", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
