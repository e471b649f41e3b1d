"""Plain git over HTTP, so that git itself can check what was stored."""

import subprocess

from .exchange import Exchange
from .faults import RefusedError
from .routes import route
from .store import ENVIRONMENT


@route("GET", "/{git}/(?P<rest>info/refs)")
@route("POST", "/{git}/(?P<rest>git-(?:upload|receive)-pack)")
def serve(call: Exchange, kind: str | None, repo: str, rest: str) -> None:
    try:
        store = call.open(kind, repo, write="receive-pack" in rest + call.call.query)
    except RefusedError as no:
        if no.status != 401:
            raise
        call.json({"error": no.message}, 401, {"WWW-Authenticate": 'Basic realm="hub"'})
        return
    environment = {
        **ENVIRONMENT,
        "GIT_PROJECT_ROOT": str(store.path),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{rest}",
        "REQUEST_METHOD": call.call.method,
        "QUERY_STRING": call.call.query,
        "REMOTE_USER": "x",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": call.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(call.body)),
        "HTTP_CONTENT_ENCODING": call.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": call.headers.get("git-protocol", ""),
    }
    command = ["git", "http-backend"]
    done = subprocess.run(command, input=call.body, capture_output=True, env=environment, check=False)
    head, _, data = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    call.send(data, int(headers.pop("Status", "200 OK").split()[0]), headers)
