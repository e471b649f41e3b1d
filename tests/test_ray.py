"""On a Ray cluster the same shards are built, whatever becomes of its nodes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_faults import RECIPE, digests, write_cranes

from dehusk.builders.build import How, build_dataset
from dehusk.schema.errors import UsageError

pytest.importorskip("ray")

SCRIPT = Path(__file__).with_name("on_ray.py")


@pytest.mark.skipif("DEHUSK_RAY" not in os.environ, reason="it takes a minute: set DEHUSK_RAY to run it")
def test_three_nodes_of_which_one_dies_build_the_same_bytes(tmp_path: Path) -> None:
    seeds = write_cranes(tmp_path / "seeds", range(12))
    build_dataset(seeds, tmp_path / "local", RECIPE)
    command: list[str | Path] = [sys.executable, SCRIPT, seeds, tmp_path / "ray", str(RECIPE.pack.shard_bytes), "kill"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    built = json.loads(said.splitlines()[-1])  # Ray writes there too
    assert (built["kept"], built["rejected"], built["nodes"]) == (12, {}, 2)
    assert digests(tmp_path / "ray") == digests(tmp_path / "local")


def test_a_cluster_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    seeds = write_cranes(tmp_path / "seeds", range(1))
    with pytest.raises(UsageError, match="Ray cannot be reached"):
        build_dataset(seeds, tmp_path / "dist", how=How(engine="ray", ray_address="nowhere"))
