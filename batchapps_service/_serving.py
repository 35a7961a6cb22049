"""The running service: TLS, HTTP and the engine, until it is told to stop."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping

import uvicorn
from starlette.applications import Starlette

from batchapps_service import _bulk, _files, _jobs, _jobtypes, _outputs, _pools, _uploads
from batchapps_service._app import build
from batchapps_service._calls import Context, Handler
from batchapps_service._certificates import renew_server_certificate
from batchapps_service._connections import Connection, allow_files
from batchapps_service._datadir import DataDirectory, DataDirectoryError
from batchapps_service._engine import Engine
from batchapps_service._links import Links
from batchapps_service._tokens import Issuer

log = logging.getLogger("batchapps_service")

KEEP_ALIVE_SECONDS = 75
SHUTDOWN_SECONDS = 5
"""How long open requests may take to end when the service stops."""

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)

HANDLERS: Mapping[str, Handler] = {
    "listJobs": _jobs.list_jobs,
    "submitJob": _jobs.submit,
    "getJob": _jobs.get_job,
    "deleteJob": _jobs.delete_job,
    "getJobLog": _jobs.get_log,
    "cancelJob": _jobs.cancel,
    "reprocessJob": _jobs.reprocess,
    "holdJob": _jobs.hold,
    "resumeJob": _jobs.resume,
    "listJobOutputs": _outputs.list_job_outputs,
    "getJobOutput": _outputs.get_job_output,
    "headJobOutput": _outputs.get_job_output,
    "getJobPreview": _outputs.get_job_preview,
    "headJobPreview": _outputs.get_job_preview,
    "listJobOutputFiles": _outputs.list_output_files,
    "getJobOutputFile": _outputs.get_output_file,
    "headJobOutputFile": _outputs.get_output_file,
    "listTasks": _outputs.list_tasks,
    "listTaskOutputs": _outputs.list_task_outputs,
    "cancelTask": _outputs.cancel_task,
    "listFiles": _files.list_files,
    "queryFilesByName": _files.query_by_name,
    "queryFilesBySpecification": _files.query_by_specification,
    "queryMissingFiles": _files.query_missing,
    "uploadFile": _files.upload,
    "offerFiles": _bulk.offer,
    "uploadFiles": _bulk.upload_many,
    "startUpload": _uploads.start,
    "uploadPart": _uploads.part,
    "completeUpload": _uploads.complete,
    "cancelUpload": _uploads.cancel,
    "fetchJobOutputFiles": _bulk.fetch,
    "getFile": _files.get_file,
    "headFile": _files.get_file,
    "deleteFile": _files.delete_file,
    "listPools": _pools.list_pools,
    "createPool": _pools.create_pool,
    "getPool": _pools.get_pool,
    "resizePool": _pools.resize_pool,
    "deletePool": _pools.delete_pool,
    "listJobTypes": _jobtypes.list_job_types,
}
"""Every operation of the description, by its operationId."""


def serve(directory: DataDirectory) -> None:
    """Run the service until SIGTERM or Ctrl-C. Raises DataDirectoryError when it cannot start."""
    settings = directory.settings
    if renew_server_certificate(directory.tls, settings.host):
        log.info("made a new server certificate; the old one was about to end")
    with _lock(directory), _listen(settings.bind, settings.port) as listener:
        engine = Engine(directory)

        @contextlib.asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[None]:
            engine.start()
            try:
                yield
            finally:
                await asyncio.to_thread(engine.stop)

        context = Context(directory, Links(settings.base_url), engine)
        app = build(context, Issuer(directory.issuer_key, settings), HANDLERS, lifespan)
        config = uvicorn.Config(
            app,
            http=Connection,
            ssl_certfile=directory.tls / "server.pem",
            ssl_keyfile=directory.tls / "server.key",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        Connection.settings = settings
        allow_files(2 * settings.max_connections + 1000)
        server = _Server(config, settings.base_url)
        server.run(sockets=[listener])
    directory.database.close()


class _Server(uvicorn.Server):
    """Says when it accepts connections, and stops without waiting for idle ones."""

    def __init__(self, config: uvicorn.Config, base_url: str) -> None:
        super().__init__(config)
        self._base_url = base_url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"ready {self._base_url}", flush=True)

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:  # every second
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.give_up_if_late()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            transport = getattr(connection, "transport", None)
            # A TLS connection that is kept alive would wait for its client to say goodbye.
            if transport is not None and (cycle is None or cycle.response_complete):
                transport.abort()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn raises a signal again when it has stopped; here a clean stop ends with 0.
        for one in STOP_SIGNALS:
            signal.signal(one, self.handle_exit)
        yield


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # Named, for asyncio to switch off the delays that small answers would have otherwise.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name != "nt":  # there it would let two services share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        raise DataDirectoryError(
            f"Port {port} of {address} is not to be had: {error.strerror}. Stop what uses it, or"
            " change 'port' in service.json."
        ) from error
    return listener


@contextlib.contextmanager
def _lock(directory: DataDirectory) -> Iterator[None]:
    """Let only one service run in a data directory. The system frees the lock of a dead one."""
    with (directory.root / "lock").open("a+b") as file:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DataDirectoryError(f"A service is running in {directory.root} already.") from None
        yield
