"""The hub as publishing needs it: each request with bounded patience, each failure as one of our errors.

`huggingface_hub` does the talking. It retries some requests by itself and others not at all, waits as long as it is
told to, has no time limit, and prints; what is done about that is here. Checked with 1.12, 1.33 and 2.4.
"""

import errno
import json
import logging
import re
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from dehusk.schema.errors import AccessError, PublishError, TargetError, UsageError

from .publication import Patience, Progress, RemoteFile, Watch
from .targets import HubTarget, is_safe, masked

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

T = TypeVar("T")

_TRY_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_LATER: Final = "nothing local is lost: publish again later"
_ODD_ANSWER: Final = (LookupError, TypeError, AttributeError)
"""What the client raises on an answer that has not the parts it expects."""
_HERE: Final = frozenset({errno.ENOENT, errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EDQUOT})
"""What goes wrong with a file of this machine, not with the connection."""
_RESET: Final = re.compile(r"\bt=(\d{1,9})")


class DoubtError(PublishError):
    """An answer that was lost or says that something failed: what was asked for may have been done all the same."""

    def __init__(self, message: str, tip: str, wait: float | None) -> None:
        super().__init__(message, tip)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Person:
    """Whose token it is.

    Attributes:
        name: the account.
        role: what the token may do: `read`, `write`, `fineGrained`; None where the hub does not say.
        orgs: the role in each organisation of the account.
    """

    name: str
    role: str | None
    orgs: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as the hub describes it."""

    private: bool
    head: str | None


@dataclass(frozen=True, slots=True)
class HubClient:
    """Requests to one repository of one hub; made by `connect`."""

    target: HubTarget
    patience: Patience
    watch: Watch
    api: "HfApi" = field(repr=False)

    # -- reading --

    def whoami(self) -> Person:
        """Whose token it is, and what it may do."""

        def look() -> Person:
            said = self.api.whoami()
            token = (said.get("auth") or {}).get("accessToken") or {}
            orgs = {org["name"]: org.get("roleInOrg") for org in said.get("orgs") or []}
            return Person(said["name"], token.get("role"), orgs)

        return self._ask("asking whose token it is", look)

    def repository(self) -> Repository | None:
        """The repository; None where there is none that the token may see."""
        from huggingface_hub.errors import RepositoryNotFoundError

        def look() -> Repository | None:
            try:
                info = self.api.repo_info(self.target.repo_id, repo_type="dataset")
            except RepositoryNotFoundError:
                return None
            return Repository(bool(info.private), info.sha)

        return self._ask("looking at the repository", look)

    def tree(self, commit: str) -> dict[str, RemoteFile]:
        """Every file of a commit, by path."""
        from huggingface_hub.hf_api import RepoFile

        def look() -> dict[str, RemoteFile]:
            rows = self.api.list_repo_tree(self.target.repo_id, recursive=True, revision=commit, repo_type="dataset")
            files = [row for row in rows if isinstance(row, RepoFile)]
            return {file.path: _remote_file(file) for file in files}

        return self._ask("listing its files", look)

    def read(self, path: str, commit: str) -> bytes:
        """A file of a commit, read without going through the person's cache."""

        def load() -> bytes:
            with TemporaryDirectory(prefix="dehusk-") as folder:
                found = self.api.hf_hub_download(
                    self.target.repo_id, path, repo_type="dataset", revision=commit, local_dir=folder
                )
                return Path(found).read_bytes()

        return self._ask(f"reading {path}", load)

    def fetch(self, revision: str | None, patterns: Sequence[str]) -> Path:
        """A copy of some files of a revision, in the person's cache."""
        from huggingface_hub.errors import RevisionNotFoundError

        def load() -> Path:
            try:
                return Path(
                    self.api.snapshot_download(
                        self.target.repo_id, repo_type="dataset", revision=revision, allow_patterns=list(patterns)
                    )
                )
            except RevisionNotFoundError:
                raise TargetError(
                    f"{self.target.url} has no revision {revision}", "name a tag, a branch or a commit of it"
                ) from None

        return self._ask("fetching its files", load)

    def commits(self) -> list[str]:
        """The commits of the main branch, the newest first."""
        return self._ask(
            "reading its history",
            lambda: [row.commit_id for row in self.api.list_repo_commits(self.target.repo_id, repo_type="dataset")],
        )

    def tags(self) -> dict[str, str]:
        """The commit of every tag."""
        return self._ask(
            "reading its tags",
            lambda: {
                ref.name: ref.target_commit
                for ref in self.api.list_repo_refs(self.target.repo_id, repo_type="dataset").tags
            },
        )

    # -- writing --

    def create(self, *, private: bool) -> None:
        """Makes the repository. One that is there already is no error: it is looked at afterwards in any case."""

        def make() -> None:
            with _already_done():
                self.api.create_repo(self.target.repo_id, private=private, repo_type="dataset")

        self._ask("making the repository", make)

    def send(self, files: "Sequence[CommitOperationAdd]") -> None:
        """Stores the large ones among some files, so that a commit can name them; the client retries by itself."""
        self._ask(
            f"sending {files[0].path_in_repo}",
            lambda: self.api.preupload_lfs_files(
                self.target.repo_id, files, repo_type="dataset", free_memory=False, gitignore_content=""
            ),
            attempts=1,
        )

    def commit(
        self,
        operations: "Sequence[CommitOperationAdd | CommitOperationDelete]",
        parent: str | None,
        message: str,
        description: str,
    ) -> str:
        """Makes one commit on top of `parent`, once.

        Raises:
            DoubtError: it may have been made, or not.
        """
        made = self._ask(
            "making the commit",
            lambda: self.api.create_commit(
                self.target.repo_id,
                operations,
                commit_message=message,
                commit_description=description,
                repo_type="dataset",
                parent_commit=parent,
            ),
            attempts=1,
        )
        return str(made.oid)

    def tag(self, name: str, commit: str) -> None:
        """Tags a commit. A tag that is there already is no error: where it points is looked at afterwards."""

        def mark() -> None:
            with _already_done():
                self.api.create_tag(self.target.repo_id, tag=name, revision=commit, repo_type="dataset")

        self._ask(f"tagging {name}", mark)

    # -- patience --

    def pause(self, doubt: DoubtError, attempt: int) -> None:
        """Waits before another attempt."""
        seconds = self.patience.wait(attempt) if doubt.wait is None else doubt.wait
        self.watch(Progress("wait", note=f"{doubt.message}; trying again in {seconds:g} s"))
        time.sleep(seconds)

    def _ask(self, doing: str, call: Callable[[], T], *, attempts: int | None = None) -> T:
        """Makes a request, again where that may help."""
        last = self.patience.attempts if attempts is None else attempts
        for attempt in range(1, last):
            try:
                return self._once(doing, call)
            except DoubtError as doubt:
                self.pause(doubt, attempt)
        return self._once(doing, call)

    def _once(self, doing: str, call: Callable[[], T]) -> T:
        ours: tuple[type[Exception], ...] = (OSError, RuntimeError, ValueError, *_ODD_ANSWER)
        try:
            with _careful_session(self.patience, self.watch):
                return call()
        except (*ours, _transport_error(), *_token_errors(), *_xet_errors()) as error:
            self._explain(error, f"{doing} at {self.target.url}")

    def _explain(self, error: Exception, where: str) -> NoReturn:
        """Raises the error of ours that says what happened; the original's text may hold signed URLs and is masked."""
        from huggingface_hub.errors import OfflineModeIsEnabled, RepositoryNotFoundError

        if isinstance(error, _xet_errors()) and isinstance(error.__cause__, Exception):
            error = error.__cause__  # what the hub answered
        said = masked(error).strip() or type(error).__name__
        if isinstance(error, OfflineModeIsEnabled):
            raise TargetError("the hub's client is offline: HF_HUB_OFFLINE is set", "unset it to publish") from None
        if isinstance(error, _token_errors()):
            raise AccessError(
                f"there is no token for {self.target.endpoint}", "`hf auth login` stores one, or set HF_TOKEN"
            ) from None
        if isinstance(error, RepositoryNotFoundError):
            raise AccessError(
                f"{where}: the repository is not there, or the token may not see it", "check the name and the token"
            ) from None
        status = _status(error)
        if status is not None:
            self._explain_status(error, status, where)
        if isinstance(error, _ODD_ANSWER):
            raise PublishError(
                f"{where}: the answer is not that of a hub: {type(error).__name__}: {said}", "check the endpoint"
            ) from None
        refused = isinstance(error, ValueError) and not isinstance(error, json.JSONDecodeError)
        if refused or getattr(error, "errno", None) in _HERE:
            raise PublishError(f"{where}: {said}", "correct it, then publish again") from None
        # What is left is the connection: errors of the HTTP library, and built-in ones of hf-xet and the LFS part.
        raise DoubtError(f"{where}: no answer: {said}", f"check the network; {_LATER}", None) from None

    def _explain_status(self, error: Exception, status: int, where: str) -> NoReturn:
        said = masked(getattr(error, "server_message", None) or f"HTTP status {status}").strip()
        if status == 401:
            raise AccessError(
                f"{where}: the hub does not know the token", "make a new one there, then `hf auth login`"
            ) from None
        if status in (402, 403):
            raise AccessError(
                f"{where}: not allowed: {said}", f"the token must be one that may write to {self.target.owner}"
            ) from None
        if status in (409, 412):
            raise DoubtError(f"{where}: it was changed in the meantime: {said}", _LATER, None) from None
        if status in _TRY_AGAIN:
            raise DoubtError(f"{where}: the hub fails: {said}", _LATER, _asked_wait(error)) from None
        raise PublishError(f"{where}: the hub refuses: {said}", "look at what it says, then publish again") from None


def _remote_file(file: Any) -> RemoteFile:
    large = file.lfs
    return RemoteFile(file.path, file.size, None if large is None else large.sha256, None if large else file.blob_id)


def _status(error: Exception) -> int | None:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def _asked_wait(error: Exception) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    return _wait_in(headers)


def _wait_in(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer asks to wait: `RateLimit` (IETF draft) before `Retry-After` in seconds (RFC 9110)."""
    limit = _RESET.search(headers.get("ratelimit", "")) if "r=0" in headers.get("ratelimit", "") else None
    after = headers.get("retry-after", "").strip()
    if limit is not None:
        return float(limit[1])
    return float(after) if after.isdecimal() and len(after) < 10 else None


@contextmanager
def _already_done() -> Iterator[None]:
    """Takes 409 for an answer: what was asked for is there, perhaps from an attempt whose answer was lost."""
    from huggingface_hub.errors import HfHubHTTPError

    try:
        yield
    except HfHubHTTPError as error:
        if _status(error) != 409:
            raise


def _token_errors() -> tuple[type[Exception], ...]:
    """What the client raises when it finds no token; some versions have one error, others two."""
    return _errors_named("LocalTokenNotFoundError", "OIDCError")


def _xet_errors() -> tuple[type[Exception], ...]:
    """What some versions of the client wrap an answer in that it gets when it asks for a token of the storage."""
    return _errors_named("XetError")


def _errors_named(*names: str) -> tuple[type[Exception], ...]:
    from huggingface_hub import errors

    return tuple(getattr(errors, name) for name in names if hasattr(errors, name))


def _transport_error() -> type[Exception]:
    """The base of the connection errors of the HTTP library that this version of the client uses."""
    from huggingface_hub import get_session

    library = import_module(type(get_session()).__module__.partition(".")[0])
    found = library.TransportError
    assert issubclass(found, Exception)  # noqa: S101 - for the type
    return found


# -- the client's manners --


@contextmanager
def connect(target: HubTarget, patience: Patience, watch: Watch, *, need_token: bool = True) -> Iterator[HubClient]:
    """A client for one repository. While it is open the hub's library prints nothing.

    The token is found by the library's own means: `HF_TOKEN`, or what `hf auth login` stored.

    Args:
        target: the repository.
        patience: how long to wait.
        watch: told of waits.
        need_token: whether it is an error to have none; what is public can be read without.

    Raises:
        UsageError: the library is not installed.
    """
    try:
        from huggingface_hub import HfApi
        from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
    except ImportError:
        raise UsageError("talking to a hub needs huggingface_hub", "pip install 'dehusk[publish]'") from None
    logger = logging.getLogger("huggingface_hub")
    level, loud = logger.level, not are_progress_bars_disabled()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            logger.setLevel(logging.CRITICAL + 1)  # its warnings show signed URLs whole
            disable_progress_bars()
            token = True if need_token else None
            api = HfApi(target.endpoint, token=token, library_name="dehusk", library_version=version("dehusk"))
            yield HubClient(target, patience, watch, api)
    finally:
        logger.setLevel(level)
        if loud:
            enable_progress_bars()


@contextmanager
def _careful_session(patience: Patience, watch: Watch) -> Iterator[None]:
    """Bounds what the library's session does during one call: where the token goes, how long it waits."""
    from huggingface_hub import get_session

    def keep_token(request: Any) -> None:
        if "authorization" in request.headers and not is_safe(str(request.url)):
            raise AccessError(f"a request to {masked(request.url)} would send your token in the open", "use https")

    def bound_wait(response: Any) -> None:
        asked = _wait_in(response.headers) if response.status_code in _TRY_AGAIN else None
        if asked is None:
            return
        if asked > patience.longest_wait:
            raise PublishError(f"{masked(response.url)}: asks to wait {asked:.0f} s", _LATER)
        watch(Progress("wait", note=f"the hub asks to wait {asked:.0f} s"))

    session = get_session()
    hooks, timeout = session.event_hooks, session.timeout
    session.event_hooks = {
        "request": [*hooks.get("request", []), keep_token],
        "response": [*hooks.get("response", []), bound_wait],
    }
    session.timeout = patience.timeout
    try:
        yield
    finally:
        session.event_hooks, session.timeout = hooks, timeout
