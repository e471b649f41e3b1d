"""Publishes once, as a command would: `python publish_once.py DIST TARGET ENDPOINT [TAG]`.

In a process of its own, since the hub's client reads its environment when it is imported.
"""

import json
import sys
from pathlib import Path

from publishing import QUICK

from dehusk.builders.publishing.publication import Progress, Publication
from dehusk.builders.publishing.publish import plan_publication, publish_dataset
from dehusk.schema.errors import DehuskError


def tell(progress: Progress) -> None:
    print(progress, file=sys.stderr)


def main(dist: str, target: str, endpoint: str, tag: str = "") -> int:
    try:
        asked = Publication(tag=tag or None)
        plan = plan_publication(Path(dist), target, asked, endpoint=endpoint or None, patience=QUICK)
        done = publish_dataset(plan, watch=tell, patience=QUICK)
    except DehuskError as error:
        print(f"error: {error.message}\ntip: {error.tip}", file=sys.stderr)
        return error.exit_code
    print(json.dumps({"plan": plan.to_dict(), "commit": done.commit, "url": done.url, "example": done.example}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
