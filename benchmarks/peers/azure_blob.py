"""azure-storage-blob uploads a folder, eight files at a time, and may download one. Runs in its own
Python."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from azure.storage.blob import BlobServiceClient

given = json.load(sys.stdin)
container = BlobServiceClient(given["url"], given["key"]).create_container(given["container"])


def upload(path):
    with path.open("rb") as file:
        container.upload_blob(path.name, file)


started = time.perf_counter()
paths = sorted(Path(given["folder"]).iterdir())
with ThreadPoolExecutor(8) as pool:
    list(pool.map(upload, paths))
said = {"up": time.perf_counter() - started}
if given["back"]:
    started = time.perf_counter()
    with Path(given["back"], paths[0].name).open("wb") as file:
        container.download_blob(paths[0].name, max_concurrency=4).readinto(file)
    said["down"] = time.perf_counter() - started
print(json.dumps(said))
