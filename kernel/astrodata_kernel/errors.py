"""What can go wrong, each error also what Python programmers already catch.

The text of an error is one sentence or two: what happened, where, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, ClassVar, Self, cast


class AstrodataError(Exception):
    """Base of all errors that this package raises on purpose."""

    code: ClassVar[str] = "error"
    """Short name of the error, the same in Python, over REST and on the wire."""

    def __str__(self) -> str:
        # KeyError would quote its text, and OSError look for a number in it.
        return str(self.args[0]) if self.args else self.code

    def __reduce__(self) -> Any:
        # As it is, whatever the constructor of a subclass takes: errors travel between processes.
        return _made_again, (type(self), self.args, self.__dict__)

    def saying(self, text: str) -> Self:
        """Give the same error with another text; what else it knows stays."""
        return cast("Self", _made_again(type(self), (text,), self.__dict__))


def _made_again(
    cls: type[AstrodataError], args: tuple[object, ...], facts: dict[str, object]
) -> AstrodataError:
    made = cls.__new__(cls)
    made.args = args
    made.__dict__.update(facts)
    return made


class UnreadableFile(AstrodataError, FileNotFoundError):
    """A path where no file can be read: missing, a folder, empty, or not permitted."""

    code = "unreadable"


class UnsupportedFormat(AstrodataError, ValueError):
    """Content that no reader knows, or that is not of the kind asked for."""

    code = "unsupported"


class DamagedFile(AstrodataError, ValueError):
    """A known format whose bytes are cut short or contradict themselves."""

    code = "damaged"


class TooLarge(AstrodataError, ValueError):
    """Declared sizes beyond a cap, found before memory was taken for them."""

    code = "too-large"


class DataCheckFailed(AstrodataError, ValueError):
    """Bytes that are not those that were expected."""

    code = "check-failed"


class NameTaken(AstrodataError, ValueError):
    """A name in the catalogue that belongs to another data set."""

    code = "name-taken"


class UnknownName(AstrodataError, KeyError):
    """A name that stands for nothing: of a data set, an HDU or a request."""

    code = "unknown-name"


class BadRequest(AstrodataError, ValueError):
    """Arguments outside of what is possible."""

    code = "bad-request"


class Cancelled(AstrodataError):
    """Work that was given up because nobody waits for it."""

    code = "cancelled"


class MissingPackage(AstrodataError, ImportError):
    """Work that needs a package which is not installed; the text says which extra brings it."""

    code = "missing-package"


class TrainingFailed(AstrodataError, RuntimeError):
    """Training that ended without a model of use: every start collapsed, or the loss became NaN."""

    code = "training-failed"


class OutOfMemory(AstrodataError, MemoryError):
    """Work that did not fit the device's memory, down to the smallest batch."""

    code = "out-of-memory"


class ServiceFailed(AstrodataError, ConnectionError):
    """A service elsewhere that refused, or did not answer; the text says why and what to do."""

    code = "service-failed"


class StepFailed(AstrodataError, RuntimeError):
    """A step of a pipeline whose block raised; the text says which, and what to do next."""

    code = "step-failed"


def closest(word: str, known: Iterable[str]) -> str:
    """Give a question after the known name that is closest to a word, or nothing."""
    close = difflib.get_close_matches(word, list(known), 1, 0.5)
    return f"; did you mean {close[0]!r}?" if close else ""
