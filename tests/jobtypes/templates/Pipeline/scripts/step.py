"""step.py small|gray SOURCE TARGET"""

import sys
from pathlib import Path

from PIL import Image

what, source, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
with Image.open(source) as image:
    if what == "small":
        image.thumbnail((100, 100))
    result = image.convert("L" if what == "gray" else "RGB")
target.parent.mkdir(exist_ok=True)
result.save(target)
