"""Serves a test hub on this machine until interrupted: `python -m hub FOLDER`, from the folder `tests`."""

import sys
import threading
from contextlib import suppress
from pathlib import Path

from . import WRITE_TOKEN, Hub

with Hub(Path(sys.argv[1])) as served, suppress(KeyboardInterrupt):
    print(f"HF_ENDPOINT={served.endpoint} HF_TOKEN={WRITE_TOKEN}", flush=True)
    threading.Event().wait()
