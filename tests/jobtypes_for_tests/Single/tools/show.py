import os
import sys
from pathlib import Path

scene, report, *files = sys.argv[1:]
lines = [Path(scene).name, Path(scene).read_text(), repr(files), *sorted(os.environ)]
Path(report).write_text("\n".join(lines))
