"""Programs that some job types run, and that a machine may have or not."""

import shutil
import subprocess

import pytest


def _imagemagick() -> bool:
    # Other programs bear the name convert.
    for name in ("magick", "convert"):
        path = shutil.which(name)
        if path:
            said = subprocess.run([path, "-version"], capture_output=True, text=True, check=False)
            if said.stdout.startswith("Version: ImageMagick"):
                return True
    return False


BLENDER = shutil.which("blender")
needs_blender = pytest.mark.skipif(
    BLENDER is None, reason="Blender is not installed (apt-get install blender)"
)
needs_imagemagick = pytest.mark.skipif(
    not _imagemagick(), reason="ImageMagick is not installed (apt-get install imagemagick)"
)
