"""Proves that two dataset folders are the same: `python tests/same_dataset.py ONE TWO`.

Same tool, model and libraries: every byte must be the same.
Other library versions: the content of every record must be.
"""

import sys
from pathlib import Path

from dehusk.builders.pack import MANIFEST, read_manifest


def main(one: Path, two: Path) -> str:
    """What is the same, or exits with what is not."""
    first, second = read_manifest(one), read_manifest(two)
    if first.fingerprint != second.fingerprint:
        sys.exit(f"the records differ: fingerprint {first.fingerprint} in {one}, {second.fingerprint} in {two}")
    if (first.dehusk, first.model, first.libraries) != (second.dehusk, second.model, second.libraries):
        return f"same records; other versions ({first.libraries} and {second.libraries}), so bytes were not compared"
    names = [MANIFEST, *sorted({file.path for file in [*first.files, *second.files]})]
    different = [name for name in names if _bytes(one / name) != _bytes(two / name)]
    if different:
        sys.exit(f"same records, but other bytes in {', '.join(different)}")
    return f"same bytes in all {len(names)} files"


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), Path(sys.argv[2])))
