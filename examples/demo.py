"""Have photographs resized by a service on this machine, and watch it.

`scripts/demo.sh` installs what this needs and runs it. The service, what was uploaded to it and the
results are kept in `.demo`.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

from _display import Display
from _local_service import ServiceError, local_service

from batchapps import (
    AuthenticationException,
    AzureOAuth,
    Configuration,
    FileDownloadException,
    FileManager,
    FileUploadException,
    JobManager,
    RestCallException,
)

ROOT = Path(__file__).resolve().parent.parent
PHOTOS = ROOT / "examples" / "photos"
DEMO = ROOT / ".demo"


def main() -> int:
    """Run the demonstration; the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    photos = Path(sys.argv[1]) if len(sys.argv) > 1 else PHOTOS
    with Display() as display:
        try:
            return resize(photos, DEMO / "results" / time.strftime("%Y-%m-%d-%H%M%S"), display)
        except KeyboardInterrupt:
            return 130
        except (
            ServiceError,
            AuthenticationException,
            RestCallException,
            FileUploadException,
            FileDownloadException,
            OSError,
        ) as error:
            display.line("Failed", str(error), "red")
            display.line("", f"The log of the service is {DEMO / 'service.log'}")
            return 1


def resize(photos: Path, results: Path, display: Display) -> int:
    """Resize the photographs of a folder on a service that runs for as long as that takes."""
    display.begin("Starting the service")
    with local_service(DEMO, jobtypes=[ROOT / "jobtypes" / "ImageResize"]) as service:
        ready = f"{service.endpoint}, ready after {service.seconds_to_ready:.1f} s"
        display.line("Service", ready)

        # Which service, which account, which job type with which parameters.
        cfg = Configuration(data_path=DEMO)
        cfg.aad_config(
            endpoint=service.endpoint,
            account=service.account,
            key=service.key,
            ca_cert=service.ca_cert,
            unattended=True,
        )
        cfg.add_jobtype("ImageResize", width=500, height=500)
        cfg.current_jobtype("ImageResize")
        cfg.save_config()
        creds = AzureOAuth.get_unattended_session(cfg)

        # The files. is_uploaded() gives those that the service does not have yet.
        mgr = FileManager(creds)
        files = mgr.files_from_dir(photos, pattern="*.png")
        files.extend(mgr.files_from_dir(photos, pattern="*.jpg"))
        missing = files.is_uploaded()

        # The job, on a pool of two workers that is made for it. submit() uploads its files first.
        display.begin(f"Uploading {len(missing)} files")
        jobs = JobManager(creds)
        new_job = jobs.create_job("Photographs", files=files, instances=2)
        job = jobs.submit(new_job, callback=display.progress)
        display.uploaded(files, sent=missing)
        try:
            job.wait(poll=0.2, callback=display.job)
        except KeyboardInterrupt:
            display.begin("Cancelling the job and stopping the service")
            job.cancel()
            raise
        if job.status != "Complete":
            for message in job.get_logs(max_lines=None)["messages"][-5:]:
                display.line("Log", message["text"])
            return 1

        # What it made: the archive, the contact sheet, and each image by itself.
        display.begin("Downloading")
        paths = job.download(results, callback=display.progress)
        paths.append(job.get_thumbnail(results, filename="contact sheet.jpg"))
        for output in job.list_all_outputs():
            if output["type"] == "TaskOutput":
                paths.append(job.get_output(results, output, callback=display.progress))
        display.begin("Stopping the service")

    display.end()
    display.line("Service", "stopped")
    display.results(paths)
    display.line("Results", str(results), "green")
    return 0


if __name__ == "__main__":
    sys.exit(main())
