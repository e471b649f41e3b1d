"""Builds on a Ray cluster of three nodes of this machine: `python tests/on_ray.py SEEDS OUT SHARD_BYTES [kill]`.

With `kill` a node is ended without notice as soon as the first seeds are done. Prints what was counted, the seconds
that it took, and how many nodes were left.
"""

import faulthandler
import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_AUTH_MODE"] = "disabled"
os.environ["RAY_raylet_start_wait_time_s"] = "120"  # noqa: SIM112 - its name

from ray.cluster_utils import Cluster

from dehusk.builders.build import How, build_dataset
from dehusk.builders.recipe import Pack, Recipe

LONGEST = 240
"""Seconds after which it ends by itself, and says where it stood."""


def free_port() -> int:
    """A port that nobody listens at, so that another cluster of this machine is left alone."""
    with socket.socket() as listening:
        listening.bind(("", 0))
        port: int = listening.getsockname()[1]
        return port


def one_core() -> dict[str, Any]:
    """What a node is begun with.

    It has no address of its own: Ray takes 127.0.0.1, where one joins, for the address of the machine, at which a head
    that was told to be at 127.0.0.1 does not listen. Ports of its agents are given, since a node waits fifteen seconds,
    and no more, until an agent says what port it took.
    """
    ports = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")
    return {"num_cpus": 1, "object_store_memory": 100 << 20} | {name: free_port() for name in ports}


def main() -> None:
    """Begins the cluster, builds, and ends it."""
    faulthandler.dump_traceback_later(LONGEST, exit=True)
    seeds, out, shard_bytes, *more = sys.argv[1:]
    head = one_core() | {"include_dashboard": False, "gcs_server_port": free_port()}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = [cluster.add_node(wait=True, **one_core()) for _ in range(2)]
    cluster.wait_for_nodes()
    left = 3

    def watch(done: int, n_seeds: int) -> None:
        nonlocal left
        if more and done and left == 3:
            cluster.remove_node(nodes[0], allow_graceful=False)
            left = 2
            print(f"a node was ended at {done} of {n_seeds}", file=sys.stderr)

    how = How(engine="ray", ray_address=cluster.address, watch=watch)
    began = time.monotonic()
    summary = build_dataset(seeds, Path(out), Recipe(pack=Pack(shard_bytes=int(shard_bytes))), how=how)
    seconds = time.monotonic() - began
    cluster.shutdown()  # type: ignore[no-untyped-call]
    print(json.dumps({"kept": summary.kept, "rejected": summary.rejected, "seconds": seconds, "nodes": left}))


if __name__ == "__main__":
    main()
