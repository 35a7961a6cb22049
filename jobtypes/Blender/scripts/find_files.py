"""Run by Blender before a render: finds the files that the scene refers to beside the scene.

The scene knows its textures, fonts and linked files by their places on the artist's machine. With
a job, all files lie in one folder, so each is looked for there by its name.
"""

from pathlib import Path, PureWindowsPath
from typing import Any

import bpy  # type: ignore[import-not-found]

GROUPS = ("images", "movieclips", "sounds", "fonts", "volumes", "cache_files")
# Stands for the number in the names of a tiled texture's files.
TILE = "<UDIM>"


def find(folder: Path) -> None:
    """Point everything that is not where the scene says to the file of its name in ``folder``."""
    # Linked scenes come first, as they bring files of their own.
    for library in bpy.data.libraries:
        if moved(library, folder):
            library.reload()
    for group in GROUPS:
        for block in getattr(bpy.data, group, ()):
            if getattr(block, "packed_file", None) is None:
                moved(block, folder)


def moved(block: Any, folder: Path) -> bool:
    """Whether the file was somewhere else, and was found in ``folder``."""
    path: str = block.filepath
    if not path or path == "<builtin>":
        return False
    if there(Path(bpy.path.abspath(path, library=block.library))):
        return False
    # Understands both kinds of slashes.
    beside = folder / PureWindowsPath(path).name
    if not there(beside):
        print(f"Missing: {path}. Upload it and add it to the job.")
        return False
    block.filepath = str(beside)
    print(f"Found beside the scene: {beside.name}")
    return True


def there(path: Path) -> bool:
    """Whether the file exists, or one tile of it."""
    if TILE not in path.name:
        return path.is_file()
    start, _, end = path.name.partition(TILE)
    if not path.parent.is_dir():
        return False
    return any(
        one.name.startswith(start) and one.name.endswith(end) for one in path.parent.iterdir()
    )


find(Path(bpy.data.filepath).parent)
