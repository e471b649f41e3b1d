"""Every error that dehusk raises, by what happens next. Bad data is never one of them: it is a finding (`findings.py`).

DehuskError
├── UsageError         the person asked for what cannot be done   → stop before starting, exit 2
│   ├── RecipeError    the recipe does not say what it must
│   └── OutputError    the output folder holds what is not ours
├── EmptyBuildError    not one page could be kept                 → nothing is written, exit 1
├── StorageError       the disk or the system said no             → the old dataset stands, exit 3
└── PublishError       the target did not answer, or not well     → nothing local is lost; publish again, exit 3
    ├── ConflictError  somebody else changed the target meanwhile → look at it, plan anew
    ├── ArrivalError   what arrived is not what was sent          → it is not tagged; look at it
    ├── TargetError    the target is not one to publish to        → stop before anything is sent, exit 2
    └── AccessError    no token, or one that may not do this      → stop before anything is sent, exit 2
"""

from typing import ClassVar, Final

CLEAN: Final = 0
FINDINGS: Final = 1
WRONG_USE: Final = 2
BROKEN_RUN: Final = 3

EXIT_CODES: Final = {
    CLEAN: "all is well",
    FINDINGS: "the data has findings: a check failed, or no page could be kept",
    WRONG_USE: "wrong use: an option, a path, the recipe, the target or the token is wrong; nothing was done",
    BROKEN_RUN: "the run broke: disk full, permission refused, no network; the old dataset stands",
}
"""What each exit code of every command means."""


class DehuskError(Exception):
    """The family: a sentence for a person, and what to try next."""

    exit_code: ClassVar[int] = BROKEN_RUN

    def __init__(self, message: str, tip: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.tip = tip


class UsageError(DehuskError):
    """The person asked for what cannot be done; nothing was started."""

    exit_code = WRONG_USE


class RecipeError(UsageError):
    """The recipe cannot be read, or says what no recipe may."""


class OutputError(UsageError):
    """The output folder holds something that no manifest of ours lists; it is left alone."""


class EmptyBuildError(DehuskError):
    """Not one page could be kept, and a dataset without rows cannot be loaded; nothing was written."""

    exit_code = FINDINGS


class StorageError(DehuskError):
    """The disk or the operating system refused; what stood there before still stands."""


class PublishError(DehuskError):
    """The target did not answer, or not as it should; nothing local is lost, and publishing can be tried again.

    Whatever it says is shown without the query of any URL and without anything that looks like a token.
    """


class ConflictError(PublishError):
    """Somebody else changed the target since it was looked at; nothing of theirs was overwritten."""


class ArrivalError(PublishError):
    """What the target holds after publishing is not what the manifest lists; the version was not tagged."""


class TargetError(PublishError):
    """The target cannot be published to, or not in this way; nothing was sent."""

    exit_code = WRONG_USE


class AccessError(PublishError):
    """There is no token, it is not known, or it may not do this."""

    exit_code = WRONG_USE
