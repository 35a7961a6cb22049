"""The ``batchapps-service`` command and the life of the process."""

import json
import os
import shlex
import signal
import ssl
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from support import (
    STAMP,
    Api,
    Service,
    bundle,
    command,
    free_port,
    marked_processes,
    running,
    until,
)

from batchapps_service import _certificates
from batchapps_service._cli import main


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def outputs(api: Api, job_id: str) -> list[str]:
    """Names of what the job's tasks left, logs apart."""
    listed = api.get(f"jobs/{job_id}/outputs/files")["outputs"]
    return [one["name"] for one in listed if one["kind"] != "TaskLog"]


def test_init_says_everything_once_and_stores_no_key(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    done = command("init", directory, "--port", "8444", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told) == {"endpoint", "account", "key", "ca_cert"}
    assert told["endpoint"] == "https://127.0.0.1:8444"
    assert told["account"].startswith("ClientID=")
    assert ";TenantID=" in told["account"]
    assert Path(told["ca_cert"]).is_file()
    before = snapshot(directory)
    assert not any(told["key"].encode() in content for content in before.values())
    private = list(directory.rglob("*.key"))
    assert len(private) == 3
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in private)
    again = command("init", directory)
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert snapshot(directory) == before


def test_init_without_json_is_for_people(tmp_path: Path) -> None:
    done = command("init", tmp_path / "data")
    assert done.returncode == 0, done.stderr
    assert "Endpoint: https://127.0.0.1:8443" in done.stdout
    assert "shown only now" in done.stdout


def test_the_certificate_is_for_the_host_named(tmp_path: Path) -> None:
    done = command("init", tmp_path / "data", "--host", "render.example", "--json")
    told = json.loads(done.stdout)
    assert told["endpoint"] == "https://render.example:8443"
    names = ssl._ssl._test_decode_cert(str(tmp_path / "data" / "tls" / "server.pem"))[  # type: ignore[attr-defined]
        "subjectAltName"
    ]
    assert ("DNS", "render.example") in names
    assert ("DNS", "localhost") in names
    assert ("IP Address", "127.0.0.1") in names


def test_the_certificate_is_made_anew_for_another_host_and_before_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Service.make(tmp_path / "data", host="127.0.0.2", bind="127.0.0.2")
    made.account.endpoint = made.account.endpoint.replace("127.0.0.1", "127.0.0.2")
    for _ in range(2):
        with running(made), made.anonymous() as client:  # which checks the name
            assert client.get("/api/jobs").status_code == 401
        assert made.log.read_text().count("made a new server certificate") == 1
    monkeypatch.setattr(_certificates, "SERVER_DAYS", 20)
    _certificates.make_server_certificate(made.directory / "tls", "127.0.0.2")
    with running(made):
        assert made.log.read_text().count("made a new server certificate") == 2


@pytest.mark.parametrize("port", ["0", "70000", "x"])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: str) -> None:
    done = command("init", tmp_path / "data", "--port", port)
    assert done.returncode == 2
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "host",
    ["bad host", "", "https://x.example/", "myhost:9000", "[::1]", "a..example", "1.2.3"],
)
def test_a_host_that_is_none_is_refused(tmp_path: Path, host: str) -> None:
    done = command("init", tmp_path / "data", f"--host={host}")
    assert done.returncode == 2
    assert "a host is a name or an address, without scheme or port" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("host", "endpoint", "bind"),
    [
        ("::1", "https://[::1]:8443", "::1"),
        ("2001:db8::7", "https://[2001:db8::7]:8443", "::"),
        ("bücher.example", "https://bücher.example:8443", "0.0.0.0"),
        ("render_1", "https://render_1:8443", "0.0.0.0"),
    ],
)
def test_a_host_may_be_a_name_or_an_address(
    tmp_path: Path, host: str, endpoint: str, bind: str
) -> None:
    done = command("init", tmp_path / "data", "--host", host, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["endpoint"] == endpoint
    assert json.loads((tmp_path / "data" / "service.json").read_text())["bind"] == bind


def test_init_names_the_place_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    for place, words in (("link", "exists already"), ("file/data", "cannot be made")):
        done = command("init", tmp_path / place)
        assert done.returncode == 1
        assert f"{tmp_path / place} {words}" in done.stderr
        assert "/." not in done.stderr
        assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link"]
    done = command("init", tmp_path / "my data")
    last = shlex.split(done.stdout.splitlines()[-1])
    assert last[-3:] == ["batchapps-service", "serve", str(tmp_path / "my data")]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("port", "abc", "a number from 1 to 65535"),
        ("host", "https://x.example", "a name or an address, without scheme or port"),
        ("bind", None, "a text"),
        ("max_pools", "20", "a whole number"),
        ("max_body_bytes", -1, "a whole number"),
    ],
)
def test_a_setting_that_is_none_is_refused(
    service: Service, tmp_path: Path, name: str, value: object, words: str
) -> None:
    settings = json.loads((service.directory / "service.json").read_text()) | {name: value}
    (tmp_path / "service.json").write_text(json.dumps(settings))
    done = command("serve", tmp_path)
    assert done.returncode == 1
    assert f"{tmp_path / 'service.json'}: '{name}' must be {words}" in done.stderr
    assert json.dumps(value) in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "cannot be read"), ("[]", "holds no settings"), ("{}", "lacks 'tenant'")],
)
def test_settings_that_are_none_are_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "service.json").write_text(text)
    done = command("serve", tmp_path)
    assert done.returncode == 1
    assert f"{tmp_path / 'service.json'} {words}" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_setting_is_warned_of_and_a_missing_database_is_not_made(
    service: Service, tmp_path: Path
) -> None:
    settings = json.loads((service.directory / "service.json").read_text()) | {"prot": 1}
    (tmp_path / "service.json").write_text(json.dumps(settings))
    for arguments in (["serve", tmp_path], ["accounts", "add", tmp_path]):
        done = command(*arguments)
        assert done.returncode == 1
        assert "there is no setting 'prot'" in done.stderr
        assert f"{tmp_path / 'service.db'}, the database, is missing" in done.stderr
        assert [path.name for path in tmp_path.iterdir()] == ["service.json"]


def test_a_folder_that_is_no_data_directory_is_refused(tmp_path: Path) -> None:
    for arguments in (["serve", tmp_path], ["accounts", "add", tmp_path]):
        done = command(*arguments)
        assert done.returncode == 1
        assert "batchapps-service init" in done.stderr


BROKEN = {
    "no-template": (None, "holds none of template.yaml"),
    "no-yaml": ("steps: [", "cannot be read"),
    "no-mapping": ("- 1", "holds no mapping"),
    "no-version": ("name: x", "specificationVersion"),
    "no-steps": (
        "specificationVersion: jobtemplate-2023-09\nname: x\nsteps: []",
        "steps",
    ),
    "bad-step": (
        "specificationVersion: jobtemplate-2023-09\nname: x\nsteps:\n- name: a\n  script:\n"
        "    actions: {onRun: {command: '{{Param.Nope}}'}}",
        "Nope",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_template_is_refused_with_its_place(
    service: Service, tmp_path: Path, name: str
) -> None:
    template, words = BROKEN[name]
    folder = bundle(tmp_path, name, template) if template else tmp_path
    before = command("jobtypes", "list", service.directory).stdout
    done = command("jobtypes", "add", service.directory, folder)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert command("jobtypes", "list", service.directory).stdout == before
    leftovers = [p for p in (service.directory / "jobtypes").iterdir() if p.name.startswith(".")]
    assert leftovers == []


GOOD = (
    "specificationVersion: jobtemplate-2023-09\nname: good\nsteps:\n- name: a\n  script:\n"
    "    actions: {onRun: {command: 'true'}}"
)


def bombs() -> Iterator[tuple[str, str, Callable[[Path], object]]]:
    """What a bundle should not hold: what it is, what is said, and how to put it in."""
    yield "link out", "points out of the bundle", lambda to: to.symlink_to("/etc/passwd")
    yield "link up", "points out of the bundle", lambda to: to.symlink_to("../..")
    yield "link nowhere", "no file at all", lambda to: to.symlink_to("nothing")
    # With two of them, a copy would have 2 to the power of 40 files.
    yield "link to itself", "no file at all", lambda to: to.symlink_to(".")
    yield "link to a folder", "no file at all", lambda to: to.symlink_to("folder")
    yield "pipe", "no file at all", os.mkfifo
    yield "many", "more than 20 files", lambda to: [to.with_name(f"{n}").touch() for n in range(20)]
    yield "large", "10000 bytes", lambda to: (to.touch(), os.truncate(to, 1 << 40))
    template = "a0: &a0 [0]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30)
    )
    yield "bomb", "values", lambda to: (to.parent / "template.yaml").write_text(template)
    yield "endless", "values", lambda to: (to.parent / "template.yaml").write_text("a: &a [*a]")


@pytest.fixture(scope="module")
def unserved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unserved") / "data"
    return Service.make(folder, max_bundle_files=20, max_bundle_bytes=10_000).directory


@pytest.mark.skipif(os.name == "nt", reason="Links and pipes are other things there.")
@pytest.mark.parametrize(("words", "put"), [pytest.param(*it[1:], id=it[0]) for it in bombs()])
def test_a_bundle_that_reaches_out_or_blows_up_is_refused(
    unserved: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: str,
    put: Callable[[Path], object],
) -> None:
    folder = bundle(tmp_path, "bundle", GOOD)
    (folder / "folder").mkdir()
    (folder / "folder" / "file").write_text("x")
    (folder / "link").symlink_to("folder/file")
    put(folder / "bad")
    assert main(["jobtypes", "add", str(unserved), str(folder)]) == 1
    assert words in capsys.readouterr().err
    assert list((unserved / "jobtypes").iterdir()) == []


def test_a_link_inside_a_bundle_becomes_what_it_names(tmp_path: Path) -> None:
    made = Service.make(tmp_path / "data")
    folder = bundle(tmp_path, "bundle", GOOD)
    (folder / "link").symlink_to("template.yaml")
    made.add_jobtype(folder)
    copied = made.directory / "jobtypes" / "1" / "link"
    assert copied.read_text() == GOOD
    assert not copied.is_symlink()


def test_a_running_service_sees_job_types_and_accounts_at_once(tmp_path: Path) -> None:
    template = (
        "specificationVersion: jobtemplate-2023-09\nname: {}\ndescription: '{}'\n"
        "parameterDefinitions:\n- {{name: N, type: INT, default: 4, minValue: 1}}\n"
        "steps:\n- name: a\n  script:\n    actions: {{onRun: {{command: 'true'}}}}"
    )
    made = Service.make(tmp_path / "data")
    with running(made):
        api = made.api(made.add_account())
        assert made.seconds_to_ready < 10
        assert api.get("jobtypes") == {"jobTypes": []}
        made.add_jobtype(bundle(tmp_path / "1", "Late", template.format("Late", "first")))
        listed = api.get("jobtypes")["jobTypes"]
        assert [(one["name"], one["description"]) for one in listed] == [("Late", "first")]
        assert listed[0]["parameters"] == [
            {"name": "N", "type": "INT", "default": "4", "minValue": 1}
        ]
        made.add_jobtype(bundle(tmp_path / "2", "Late", template.format("Late", "second")))
        assert [one["description"] for one in api.get("jobtypes")["jobTypes"]] == [
            "second",
            "first",
        ]
        # Idle, with all loaded.
        assert made.process is not None
        idle = psutil.Process(made.process.pid)
        assert sum(one.memory_info().rss for one in [idle, *idle.children()]) < 180e6


def test_only_one_service_runs_in_a_data_directory(service: Service) -> None:
    done = command("serve", service.directory)
    assert done.returncode == 1
    assert "running in" in done.stderr


def test_a_taken_port_is_said(service: Service, tmp_path: Path) -> None:
    port = int(service.account.endpoint.rpartition(":")[2])
    assert command("init", tmp_path / "data", "--port", port).returncode == 0
    done = command("serve", tmp_path / "data")
    assert done.returncode == 1
    assert f"Port {port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_sigterm_stops_cleanly_and_unfinished_jobs_go_on_at_the_next_start(
    tmp_path: Path, service: Service
) -> None:
    made = Service.make(tmp_path / "data")
    made.add_jobtype(Path(__file__).parents[1] / "jobtypes_for_tests" / "Words")
    made.start()
    api = made.api()
    api.put("in.txt", b"in\n")
    job_id = api.submit("Words", ["in.txt"], Count="3", Sleep="1.5")
    waiting = api.post("pools", {})["poolId"]
    queued = api.submit("Words", pool=waiting, Count="1")
    until(lambda: outputs(api, job_id) == ["part_1.txt"])
    assert made.stop() == 0
    assert not marked_processes(made.directory)
    with running(made):
        api = made.api()
        job = api.finished(job_id)
        assert job["status"] == "Complete", api.lines(job_id)
        text = api.http.get(job["outputLink"]["href"]).text
        assert text == "in\nword 1\nin\nword 2\nin\nword 3\n"
        # What was done before the stop was not done again.
        assert api.get(f"jobs/{job_id}/tasks")["tasks"][0]["attempts"] == 1
        assert api.job(queued)["status"] == "NotStarted"
        assert api.get("files")["files"][0]["lastModifiedTime"] == STAMP
        until(
            lambda: (
                list((made.directory / "work").glob("*-*")) == [made.directory / "work" / queued]
            )
        )


def test_a_killed_service_leaves_nothing_that_stops_the_next(tmp_path: Path) -> None:
    made = Service.make(tmp_path / "data")
    made.add_jobtype(Path(__file__).parents[1] / "jobtypes_for_tests" / "Words")
    made.start()
    api = made.api()
    job_id = api.submit("Words", Count="1", Sleep="2")
    until(lambda: api.job(job_id)["status"] == "InProgress")
    assert made.stop(signal.SIGKILL) == -signal.SIGKILL
    with running(made):
        api = made.api()
        assert api.finished(job_id)["status"] == "Complete"
        assert api.lines(job_id).count("task 1 says word") <= 2
        assert outputs(api, job_id) == ["part_1.txt"]


def test_a_worker_that_dies_is_replaced_and_its_task_runs_again(tmp_path: Path) -> None:
    made = Service.make(tmp_path / "data")
    made.add_jobtype(Path(__file__).parents[1] / "jobtypes_for_tests" / "Words")
    with running(made):
        api = made.api()
        job_id = api.submit("Words", Count="1", Sleep="2")
        until(lambda: api.job(job_id)["status"] == "InProgress")
        until(lambda: marked_processes(made.directory))
        old = marked_processes(made.directory)
        assert made.process is not None
        for child in psutil.Process(made.process.pid).children():
            if "spawn_main" in " ".join(child.cmdline()):
                child.kill()
        assert api.finished(job_id)["status"] == "Complete", api.lines(job_id)
        task = api.get(f"jobs/{job_id}/tasks")["tasks"][0]
        assert task["attempts"] == 2
        assert any("ended unexpectedly" in line for line in api.lines(job_id))
        assert not set(old) & set(marked_processes(made.directory))


def test_another_releases_database_is_refused_with_words(tmp_path: Path) -> None:
    import sqlite3

    assert command("init", tmp_path / "data", "--port", free_port()).returncode == 0
    with sqlite3.connect(tmp_path / "data" / "service.db") as database:
        database.execute("PRAGMA user_version = 99")
    done = command("serve", tmp_path / "data")
    assert done.returncode == 1
    assert "schema version 99" in done.stderr


def test_the_command_is_installed() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("batchapps-service")), "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "1.0.0"
