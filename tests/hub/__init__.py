"""A small dataset hub for the tests: real HTTP, real git repositories, nothing replaced in the client.

It speaks the part of the hub's HTTP interface that `huggingface_hub` and `datasets` use when a dataset is published and
read back: git commits, large files by LFS (whole and in parts) and by xet. It listens on this machine only, at two
addresses, as the hub does: the *hub* itself (which gets the token) and the *storage* (which must never see it).

    with Hub(tmp_path) as hub:
        hub.fail("POST", r"/commit/", status=503, headers={"Retry-After": "0"}, times=2)
        ...                                    # publish to hub.endpoint
        hub.calls                              # every request that came in

It is ours, and written from what the clients send; what it proves about the public hub ends there.
"""

from .faults import Fault
from .server import READ_TOKEN, WRITE_TOKEN, Account, Hub

__all__ = ["READ_TOKEN", "WRITE_TOKEN", "Account", "Fault", "Hub"]
