"""Accounts and repositories: who asks, making, hiding and removing; checking a card."""

import re
import shutil

import yaml

from .exchange import Exchange
from .faults import RefusedError
from .routes import route


@route("GET", "/api/whoami-v2")
def whoami(call: Exchange) -> None:
    account = call.need_account()
    token = {"displayName": "test", "role": account.role, "createdAt": "2026-01-01T00:00:00.000Z"}
    orgs = [{"type": "org", "name": name, "roleInOrg": "write"} for name in account.orgs]
    auth = {"type": "access_token", "accessToken": token}
    call.json({"type": "user", "id": "0", "name": account.name, "fullname": account.name, "orgs": orgs, "auth": auth})


@route("GET", "/api/agent-harnesses")
def agents(call: Exchange) -> None:
    call.json({"standardEnvVars": [], "harnesses": {}})


@route("POST", "/api/repos/create")
def create(call: Exchange) -> None:
    account, want = call.need_account(), call.payload()
    kind, owner = (want.get("type") or "model") + "s", want.get("organization") or account.name
    repo = f"{owner}/{want['name']}"
    url = f"{call.hub.endpoint}/{'' if kind == 'models' else kind + '/'}{repo}"
    if account.role == "read" or owner not in (account.name, *account.orgs):
        raise RefusedError(403, f'You don\'t have the rights to create a repo under the namespace "{owner}"')
    with call.hub.lock:
        if call.hub.about(kind, repo) is not None:
            raise RefusedError(409, "You already created this repo", url=url)
        call.hub.store(kind, repo).create()
        call.hub.describe(kind, repo, private=want.get("visibility") == "private" or want.get("private") is True)
    call.json({"url": url, "name": repo, "id": "0"})


@route("DELETE", "/api/repos/delete")
def delete(call: Exchange) -> None:
    want = call.payload()
    kind = (want.get("type") or "model") + "s"
    repo = f"{want.get('organization') or call.need_account().name}/{want['name']}"
    call.open(kind, repo, write=True)
    shutil.rmtree(call.hub.folder(kind, repo))
    call.send(b"OK")


@route("PUT", "/api/{repo}/settings")
def settings(call: Exchange, kind: str, repo: str) -> None:
    call.open(kind, repo, write=True)
    private = call.payload().get("visibility") == "private"
    call.hub.describe(kind, repo, private=private)
    call.json({"private": private})


@route("POST", "/api/validate-yaml")
def validate_yaml(call: Exchange) -> None:
    front = re.match(r"\s*---\r?\n(.*?)\r?\n---(\r?\n|$)", call.payload()["content"], re.DOTALL)
    if front is None:
        call.json({"errors": [], "warnings": [{"message": "empty or missing yaml metadata in repo card"}]})
        return
    try:
        mapping = isinstance(yaml.safe_load(front[1]), dict)
        errors = [] if mapping else [{"message": "metadata is not a mapping"}]
    except yaml.YAMLError as bad:
        errors = [{"message": str(bad)}]
    call.json({"errors": errors, "warnings": []}, 400 if errors else 200)
