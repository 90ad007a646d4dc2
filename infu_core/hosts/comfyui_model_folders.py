"""The files in ComfyUI's model folders by our own endings: another pack may have registered the folder with its own."""

import os

import folder_paths


def files_in(folder: str, endings: tuple[str, ...]) -> list[str]:
    """Sorted names with forward slashes, below every place that is registered for `folder`, each name once.

    Folders that begin with a dot, as a download leaves, are passed over, and a link that leads back is followed once.
    """
    found: set[str] = set()
    for place in folder_paths.get_folder_paths(folder):
        seen: set[str] = set()
        for path, inner, names in os.walk(place, followlinks=True):
            if (real := os.path.realpath(path)) in seen:
                inner.clear()
                continue
            seen.add(real)
            inner[:] = [name for name in inner if not name.startswith(".")]
            paths = (os.path.join(path, name) for name in names if name.lower().endswith(endings))
            found |= {os.path.relpath(name, place).replace(os.sep, "/") for name in paths}
    return sorted(found)
