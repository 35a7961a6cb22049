"""Client 0.5.2 uploads a folder, and may download a file of it. Runs in its own Python."""

import json
import sys
import time

from batchapps import AzureOAuth, Configuration, FileManager, config, credentials

given = json.load(sys.stdin)
config.STREAM_LOG = False
credentials.CA_CERT = given["ca_cert"]
cfg = Configuration(data_path=given["home"], log_level="warning")
files = FileManager(AzureOAuth.get_unattended_session(cfg), cfg=cfg)

started = time.perf_counter()
collection = files.files_from_dir(given["folder"])
failed = collection.upload()
said = {"up": time.perf_counter() - started, "failed": [str(one) for one in failed]}
if given["back"]:
    # Its public download goes to a wrong address; this is the layer below.
    cloud = collection[0].is_uploaded()
    size = files._client.props_file(cloud).result
    started = time.perf_counter()
    files._client.get_file(cloud, size, given["back"], overwrite=True)
    said["down"] = time.perf_counter() - started
print(json.dumps(said))
