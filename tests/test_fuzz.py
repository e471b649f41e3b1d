"""Damaged files of every format end as records or rejects; `.ci/fuzz` tries 200,000."""

import random
import subprocess
import sys
from pathlib import Path

from fuzz import damage, read_files, whole_files

FUZZ = Path(__file__).parent / "fuzz.py"


def test_what_is_damaged_is_sound_before(tmp_path: Path) -> None:
    for name, data in whole_files().items():
        (tmp_path / name).write_bytes(data)
    counted = read_files(tmp_path)
    assert counted["kept"] >= 9  # six texts and three pages of HTML; in the boxes are the same ones
    assert set(counted) == {"kept", "duplicate", "unsafe_name"}


def test_the_same_number_makes_the_same_damage() -> None:
    data, others = b"one two three" * 9, [b"four"]
    made = [damage(data, others, random.Random(7)) for _ in range(2)]  # noqa: S311 - no secret is made with it
    assert made[0] == made[1] != data


def test_damaged_files_end_as_records_or_rejects() -> None:
    done = subprocess.run([sys.executable, FUZZ, "--files", "500"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("500 files")
