"""Targets: where a dataset can be published, and how such a place is named without giving anything away."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from dehusk.schema.errors import TargetError

_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_HOW: Final = "name a hub's dataset as user/name, a folder as ./folder, a bucket as s3://bucket/folder"
_READ_ONLY: Final = frozenset({"http", "https"})

_LONGEST: Final = 2000
_SECRETS: Final = (
    (re.compile(r"(?<=://)[^/\s@]{1,200}@"), ""),  # who, and with what word
    (re.compile(r"(https?://[^\s?#'\"<>]{1,500})[?#][^\s'\"<>]*"), r"\1"),  # signed URLs
    (re.compile(r"(?i)\b(bearer|basic) [\w.~+/=-]+"), r"\1 ***"),
    (re.compile(r"\b(?:hf_|api_org_|eyJ|AKIA|ASIA|gh[a-z]_)\w[\w.-]*"), "***"),
)


@dataclass(frozen=True, slots=True)
class HubTarget:
    """A dataset repository of a hub.

    Attributes:
        repo_id: `user/name`.
        endpoint: address of the hub, without a slash at its end.
    """

    repo_id: str
    endpoint: str

    @property
    def url(self) -> str:
        """Where people look at it."""
        return f"{self.endpoint}/datasets/{self.repo_id}"

    @property
    def owner(self) -> str:
        """The user or organisation it belongs to."""
        return self.repo_id.partition("/")[0]


@dataclass(frozen=True, slots=True)
class StoreTarget:
    """A folder of any file system that fsspec knows: a bucket, a server, or this machine.

    Attributes:
        url: its address, or an absolute path.
    """

    url: str


def parse_target(text: str, endpoint: str | None = None) -> HubTarget | StoreTarget:
    """Tells what kind of target is meant.

    Args:
        text: `user/name` or `hf://datasets/user/name` for a hub; `./folder`, `/folder` or any fsspec URL for files.
        endpoint: address of the hub; by default what `HF_ENDPOINT` says, or the public hub.

    Raises:
        TargetError: it is none of them, could be two of them, holds a password, or the endpoint is neither https nor
            on this machine.
    """
    scheme, colon, rest = text.partition("://")
    if not colon:
        return _without_scheme(text, endpoint)
    if scheme == "hf":
        kind, _, repo_id = rest.partition("/")
        if kind != "datasets" or not _REPOSITORY.fullmatch(repo_id):
            raise TargetError(f"{masked(text)} names no dataset of a hub", "write hf://datasets/user/name")
        return HubTarget(repo_id, _endpoint(endpoint))
    _refuse_endpoint(endpoint, text)
    return StoreTarget(_store_url(text, scheme))


def _without_scheme(text: str, endpoint: str | None) -> HubTarget | StoreTarget:
    if text.startswith(("/", "./", "../", "~/")) or text in (".", ".."):
        _refuse_endpoint(endpoint, text)
        return StoreTarget(str(Path(text).expanduser().absolute()))
    if not _REPOSITORY.fullmatch(text):
        raise TargetError(f"{masked(text)} names no place to publish to", _HOW)
    if Path(text).exists():
        raise TargetError(
            f"{text} could be a dataset of a hub or the folder here", f"write hf://datasets/{text} or ./{text}"
        )
    return HubTarget(text, _endpoint(endpoint))


def _store_url(text: str, scheme: str) -> str:
    parts = urlsplit(text)
    if "@" in parts.netloc or parts.query:
        raise TargetError(
            f"{masked(text)} carries a user, a password or a query",
            "leave them out: credentials come from the environment or the file that this kind of store uses",
        )
    if "::" in text or scheme in _READ_ONLY:
        raise TargetError(f"{masked(text)} cannot be written to", "publish to the folder or bucket behind it")
    return text


def _refuse_endpoint(endpoint: str | None, text: str) -> None:
    if endpoint is not None:
        raise TargetError(f"{masked(text)} is no dataset of a hub, so it has no endpoint", _HOW)


def _endpoint(endpoint: str | None) -> str:
    if endpoint is None:
        from huggingface_hub import constants

        endpoint = constants.ENDPOINT
    parts = urlsplit(endpoint)
    if parts.username or parts.query or parts.fragment or not parts.hostname:
        raise TargetError(f"{masked(endpoint)} is no address of a hub", "write it as https://hub.example.org")
    if not is_safe(endpoint):
        raise TargetError(
            f"the endpoint {masked(endpoint)} would send your token in the open", "use https, or a hub on this machine"
        )
    return endpoint.rstrip("/")


def is_safe(url: str) -> bool:
    """Whether a token may travel there: by https, or without leaving this machine.

    >>> is_safe("https://hub.example.org"), is_safe("http://127.0.0.1:8080"), is_safe("http://hub.example.org")
    (True, True, False)
    """
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or ""))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def masked(text: object) -> str:
    """Text of others, safe to show: without queries of URLs, passwords and whatever looks like a token; cut short.

    >>> masked("PUT https://store.example/x?sig=1 failed for hf_abc")
    'PUT https://store.example/x failed for ***'
    """
    shown = str(text)[:_LONGEST]
    for pattern, instead in _SECRETS:
        shown = pattern.sub(instead, shown)
    return shown
