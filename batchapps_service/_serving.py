"""The running service: TLS, HTTP and the engine, until it is told to stop."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Mapping

import uvicorn
from starlette.applications import Starlette

from batchapps_service import _bulk, _files, _jobs, _jobtypes, _outputs, _pools, _uploads
from batchapps_service._app import build
from batchapps_service._calls import Context, Handler
from batchapps_service._certificates import renew_server_certificate
from batchapps_service._collect import Collector
from batchapps_service._connections import Connection, allow_files
from batchapps_service._database import SCHEMA_VERSION
from batchapps_service._datadir import DataDirectory, DataDirectoryError, locked
from batchapps_service._engine import Engine
from batchapps_service._links import Links
from batchapps_service._tokens import Issuer
from batchapps_service._waiting import Waiting

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
    "recallOffers": _bulk.recall,
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
        log.info("made a new server certificate; the old one was about to end, or for another host")
    with locked(directory), _listen(settings.bind, settings.port) as listener:
        _migrate(directory)
        directory.store.sweep()
        waiting = Waiting()
        engine = Engine(directory, waiting.tell)
        collector = Collector(directory)

        @contextlib.asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[None]:
            engine.start()
            collector.start()
            try:
                yield
            finally:
                collector.stop()
                await asyncio.to_thread(engine.stop)

        context = Context(directory, Links(settings.base_url), engine, waiting)
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
        # What is loaded by now stays, and need not be looked through for garbage again and again.
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        Connection.settings = settings
        allow_files(2 * settings.max_connections + 1000)
        server = _Server(config, settings.base_url, waiting)
        server.run(sockets=[listener])
    directory.database.close()


class _Server(uvicorn.Server):
    """Says when it accepts connections, and stops without waiting for idle ones."""

    def __init__(self, config: uvicorn.Config, base_url: str, waiting: Waiting) -> None:
        super().__init__(config)
        self._base_url = base_url
        self._waiting = waiting

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
        self._waiting.end()
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


def _migrate(directory: DataDirectory) -> None:
    if directory.database.version() == SCHEMA_VERSION:
        return
    try:
        directory.database.migrate()
    except Exception as error:
        raise DataDirectoryError(
            f"The database of {directory.root} could not be brought up to date and was left as it"
            f" was: {error}"
        ) from error
    log.info("the database is that of schema version %d now", SCHEMA_VERSION)


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # The protocol is named, as asyncio looks for it to send small answers without a wait of 40 ms.
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
