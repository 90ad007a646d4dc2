"""A file that can't be used is told in one sentence: the one place that turns a library's words into ours."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST_WORD, LONGEST_SENTENCE = 255, 1000


class CheckpointError(ValueError):
    """A weight file that can't be used; the message is one sentence, in one line, for the user."""

    __module__ = "builtins"  # hosts show a class with its module; people need the name alone

    def __init__(self, sentence: str):
        super().__init__(one_line(sentence))


def one_line(text: str) -> str:
    """`text` with line breaks and unprintable letters written out, and what a file put into it cut to a length."""
    shown = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text[:100_000]
    )
    words = (word if len(word) <= LONGEST_WORD else f"{word[:80]}..." for word in shown.split(" "))
    line = " ".join(words)
    return line if len(line) <= LONGEST_SENTENCE else f"{line[:LONGEST_SENTENCE]}..."


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Whatever a library raises about the file inside this block becomes our sentence with the file's name."""
    try:
        yield
    except CheckpointError:
        raise
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no file {name}; choose another, or download it again.") from error
    except PermissionError as error:
        raise CheckpointError(f"{name} may not be read by ComfyUI; change the file's permissions.") from error
    except OSError as error:
        raise CheckpointError(f"{name} can't be read ({error.strerror or 'the disk gave an error'}).") from error
    except MemoryError as error:
        raise CheckpointError(f"{name} needs more memory than there is; close other programs, or use fp8.") from error
    except Exception as error:
        raise CheckpointError(f"{name} is damaged, or no weight file at all; download it again.") from error


def size_of(path: Path) -> int:
    """Bytes of an ordinary file; a pipe or a device, which would be waited for, is refused."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise CheckpointError(f"{path.name} is no ordinary file; choose another.")
    return found.st_size


def cut_off(name: str, size: int, expected: int) -> str:
    return (
        f"{name} is cut off: it has {size:,} bytes of {expected:,}; its download did not finish, so delete it and "
        "download it again."
    )


def some(names) -> str:
    """Up to three names, and how many more there are."""
    names = sorted(names)
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
