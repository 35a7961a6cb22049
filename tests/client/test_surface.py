"""The public names and arguments of version 0.5.2, and the flat namespace of today."""

import importlib
import inspect

import pytest

import batchapps

#: Class: its arguments, attributes that need no instance, and methods with their arguments.
SURFACE = {
    "config.Configuration": """
        (data_path=None, log_level=None, jobtype=None, name='batch_apps.ini', \
datadir='BatchAppsData', default=False, **kwargs)
        set_default_jobtype() set_default_application() save_config() clear_config()
        endpoint(*endpoint) logging_level(*level) current_jobtype(*jobtype) application(*jobtype)
        list_jobtypes() applications() default_params() add_jobtype(jobtype, **params)
        add_application(jobtype, *args, **params) set(param, value) get(param) remove(setting)
        aad_config(account=None, key=None, client_id=None, tenant=None, redirect=None, \
endpoint=None, unattended=False, validate=True, **kwargs)
        job_type
    """,
    "credentials.AzureOAuth": """
        config state LOG
        get_session(config=None) get_unattended_session(config=None)
        get_principal_token(config=None)
        get_authorization_url(config=None, msa=False, prompt=False, state=None, **additional_args)
        get_authorization_token(auth_url, config=None, state=None)
    """,
    "credentials.Credentials": """
        (config, client_id, token=None)
        get_session() refresh_session() get_stored_auth() store_auth(token) clear_auth() token
    """,
    "job_manager.JobManager": """
        (credentials, cfg=None)
        get_job(job=None, url=None, jobid=None) get_jobs(index=0, per_call=10, name=None)
        create_job(name, **jobdetails) __len__()
        submit(submitjob, upload_threads=None, callback=None, block=4096)
    """,
    "job.JobSubmission": """
        (client, job_name, **job_settings)
        add_file_collection(file_collection=None) get_default_params() add_file(userfile)
        set_job_file(jobfile) submit() _create_job_message()
    """,
    "job.SubmittedJob": """
        (client, job_id, job_name, job_type, **job_settings)
        percentage xml_settings status time_submitted time_started time_completed
        requested_instances number_tasks output_filename output_url thumb_url tasks_url pool_id
        submission __len__() get_tasks() list_all_outputs() update() cancel() reprocess()
        get_output(download_dir, output=None, overwrite=False, callback=None, block=4096)
        get_thumbnail(download_dir=None, filename=None, overwrite=True)
        get_logs(start=None, max_lines=100)
    """,
    "job.Task": """
        (client, job_id, **props)
        get_thumbnail(download_dir=None, filename=None, overwrite=True, callback=None)
        list_outputs() cancel()
        get_output(output, download_dir, overwrite=False, callback=None, block=4096)
    """,
    "file_manager.FileManager": """
        (credentials, cfg=None)
        create_file_set(*files) file_from_path(fullpath) create_file(fullpath) list_files()
        files_from_dir(top_dir, recursive=False, pattern='*')
        find_file(name, last_mod, full_path=None) find_files(name)
    """,
    "files.FileCollection": """
        (client, *files)
        add(userfile) extend(file_collection) index(userfile) remove(userfile)
        upload(force=False, threads=None, callback=None, block=4096) is_uploaded(per_call=50)
    """,
    "files.UserFile": """
        (client, file_def)
        get_last_modified() compare_lastmodified(compare_to) get_checksum()
        create_query_specifier() create_submit_specifier() is_uploaded()
        upload(force=False, callback=None, block=4096)
        download(download_dir, callback=None, block=4096)
    """,
    "pool_manager.PoolManager": """
        (credentials, cfg=None)
        create(spec=None, target_size=0, max_tasks=1, communication=False)
        create_spec(target_size=0, max_tasks=1, communication=False)
        get_pool(url=None, poolid=None) get_pools() clear_pools() __len__()
    """,
    "pool.Pool": "(client, **kwargs) delete() resize(target) update()",
    "pool.PoolSpecifier": """
        (client, target_size=0, max_tasks=1, communication=False)
        add_cert(thumbprint, algorithm='SHA1', store_location='CurrentUser', store_name='My')
        start()
    """,
    "exceptions.RestCallException": "(exp_type, message, excep, *args, silent=False)",
}
SWITCHES = {
    "credentials.VERIFY": True,
    "credentials.CA_CERT": None,
    "credentials.CRED_STORE": "AzureBatchApps",
    "config.STREAM_LOG": True,
    "config.FILE_LOG": True,
    "config.API_RESOURCE": "https://batchapps.core.windows.net/",
}


def named(path: str) -> object:
    module, _, name = path.partition(".")
    found: object = getattr(importlib.import_module(f"batchapps.{module}"), name)
    return found


def members() -> list[tuple[str, str]]:
    import re

    pattern = re.compile(r"(\w*)(\([^)]*\))?")
    return [
        (owner, found[0])
        for owner, text in SURFACE.items()
        for found in pattern.finditer(text)
        if found[0]
    ]


@pytest.mark.parametrize(("owner", "member"), members())
def test_names_and_arguments_of_the_original(owner: str, member: str) -> None:
    name, call, arguments = member.partition("(")
    found = inspect.getattr_static(named(owner), name) if name else named(owner)
    if not call:
        return
    if isinstance(found, staticmethod):
        found = found.__func__
    scope: dict[str, object] = {}
    exec(f"def wanted({arguments}: ...", scope)
    wanted = inspect.signature(scope["wanted"]).parameters  # type: ignore[arg-type]
    present = list(inspect.signature(found).parameters.values())  # type: ignore[arg-type]
    if present and present[0].name == "self":
        present = present[1:]
    for parameter, ours in zip(wanted.values(), present, strict=False):
        assert (ours.name, ours.kind) == (parameter.name, parameter.kind)
        if parameter.default is not parameter.empty:
            assert ours.default == parameter.default
    assert len(present) >= len(wanted)
    for added in present[len(wanted) :]:  # nothing that is new may be needed
        assert added.default is not added.empty


@pytest.mark.parametrize(("path", "default"), SWITCHES.items())
def test_module_switches(path: str, default: object) -> None:
    assert named(path) == default


def test_the_namespace_is_what_it_says() -> None:
    assert len(set(batchapps.__all__)) == len(batchapps.__all__)
    for name in batchapps.__all__:
        assert getattr(batchapps, name) is not None
    assert batchapps.__version__ == "1.0.0"
    for module in ("config", "credentials", "job", "files", "pool", "exceptions"):
        public = importlib.import_module(f"batchapps.{module}").__all__
        classes = {name for name in public if inspect.isclass(named(f"{module}.{name}"))}
        assert classes <= set(batchapps.__all__)


@pytest.mark.parametrize("gone", ["api", "rest_client", "utils", "log"])
def test_what_was_not_carried_over(gone: str) -> None:
    with pytest.raises(ImportError):
        importlib.import_module(f"batchapps.{gone}")
