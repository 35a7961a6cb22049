"""sheet.py FOLDER: small and gray pictures side by side, a row for each"""

import sys
from pathlib import Path

from PIL import Image

folder = Path(sys.argv[1])
names = sorted(path.name for path in (folder / "small").iterdir())
sheet = Image.new("RGB", (200, 100 * len(names)))
for row, name in enumerate(names):
    for column, kind in enumerate(("small", "gray")):
        with Image.open(folder / kind / name) as image:
            sheet.paste(image.convert("RGB"), (100 * column, 100 * row))
sheet.save(folder / "sheet.png")
