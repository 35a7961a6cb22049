"""Versions of job types: installing, choosing and removing them beside jobs that use them."""

from pathlib import Path
from typing import Any

import pytest
from support import Api, Service, bundle, command

SAYS = """\
specificationVersion: jobtemplate-2023-09
name: {name}
description: Says {word}.
parameterDefinitions:
- {{name: Fail, type: INT, default: 0}}
- {{name: Out, type: PATH, objectType: DIRECTORY, dataFlow: OUT}}
{more}
- {{name: Scripts, type: PATH, objectType: DIRECTORY, dataFlow: IN, default: scripts}}
steps:
- name: Say
  script:
    actions:
      onRun:
        command: bash
        args: ["{{{{Param.Scripts}}}}/say.sh", "{{{{Param.Out}}}}", "{{{{Param.Fail}}}}"]
"""


def says(folder: Path, name: str, word: str, more: str = "") -> Path:
    """A bundle whose job says ``word``; the words are in a script beside the template."""
    folder.mkdir(exist_ok=True)
    made = bundle(folder / word, name, SAYS.format(name=name, word=word, more=more))
    (made / "scripts").mkdir()
    (made / "scripts" / "say.sh").write_text(f'echo {word} > "$1/said.txt"; exit "$2"\n')
    return made


def add(service: Service, folder: Path, *options: str) -> str:
    done = command("jobtypes", "add", service.directory, folder, *options)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def remove(service: Service, *arguments: str) -> tuple[int, str]:
    done = command("jobtypes", "remove", service.directory, *arguments)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def submission(name: str, **parameters: str) -> dict[str, Any]:
    listed = [{"Name": key, "Value": text} for key, text in parameters.items()]
    return {"Name": "x", "Type": name, "Parameters": listed}


def versions(api: Api, name: str) -> list[tuple[str, str]]:
    """The versions of a job type that are listed, with their descriptions."""
    listed = api.get("jobtypes")["jobTypes"]
    return [(one["version"], one["description"]) for one in listed if one["name"] == name]


def said(api: Api, job_id: str) -> str:
    """What a job of ``says`` left."""
    job = api.finished(job_id)
    assert job["status"] == "Complete", api.lines(job_id)
    listed = api.get(f"jobs/{job_id}/outputs/files")["outputs"]
    (output,) = (one for one in listed if one["kind"] == "TaskOutput")
    return str(api.http.get(output["link"]["href"]).text.strip())


def test_versions_stand_side_by_side_and_jobs_choose(
    service: Service, shared: Api, pool: str, tmp_path: Path
) -> None:
    assert "'SideBySide', version 1." in add(service, says(tmp_path, "SideBySide", "first"))
    assert "'SideBySide', version 2." in add(service, says(tmp_path, "SideBySide", "second"))
    assert versions(shared, "SideBySide") == [("2", "Says second."), ("1", "Says first.")]
    for chosen, version, word in (
        ({}, "2", "second"),
        ({"version": "1"}, "1", "first"),
        ({"version": "2"}, "2", "second"),
        ({"version": "None"}, "2", "second"),
    ):
        job_id = shared.submit("SideBySide", pool=pool, **chosen)
        assert said(shared, job_id) == word
        assert shared.job(job_id)["typeVersion"] == version
        assert any(f"'SideBySide', version {version}." in line for line in shared.lines(job_id))
        assert not any("was ignored" in line for line in shared.lines(job_id))
    refused = shared.post("jobs", submission("SideBySide", version="3"), status=400)
    assert "no version '3'" in refused["Message"]
    assert "'2', '1'" in refused["Message"]
    assert [one["Name"] for one in refused["ValidationErrors"]] == ["version"]


def test_a_new_version_leaves_queued_jobs_alone(service: Service, api: Api, tmp_path: Path) -> None:
    add(service, says(tmp_path, "Queued", "old"))
    pool = api.post("pools", {})["poolId"]
    queued = api.submit("Queued", pool=pool)
    add(service, says(tmp_path, "Queued", "new"))
    code, words = remove(service, "Queued", "--version", "1")
    assert code == 1
    assert "1 jobs that have not ended need it" in words
    code, words = remove(service, "Queued")
    assert code == 1
    assert len(versions(api, "Queued")) == 2
    newer = api.submit("Queued", pool=pool)
    api.post(f"pools/{pool}/actions/resize", {"targetDedicated": "1"})
    assert said(api, queued) == "old"
    assert said(api, newer) == "new"


def test_a_removed_version_is_gone_for_new_jobs_and_for_failed_ones(
    service: Service, shared: Api, pool: str, tmp_path: Path
) -> None:
    add(service, says(tmp_path, "Removed", "early"))
    add(service, says(tmp_path, "Removed", "late"))
    done = shared.submit("Removed", pool=pool, version="1")
    failed = shared.submit("Removed", pool=pool, version="1", Fail="3")
    assert shared.finished(failed)["status"] == "Error"
    assert said(shared, done) == "early"
    assert remove(service, "Removed", "--version", "1") == (
        0,
        "Removed job type 'Removed', version 1.\n",
    )
    assert versions(shared, "Removed") == [("2", "Says late.")]
    refused = shared.post("jobs", submission("Removed", version="1"), status=400)
    assert "Installed, newest first: '2'" in refused["Message"]
    refused = shared.post(f"jobs/{failed}/actions/reprocess", status=403)
    assert "was removed" in refused["Message"]
    # What was made with it stays, and its number is not given again.
    assert shared.job(done)["typeVersion"] == "1"
    assert said(shared, done) == "early"
    assert "version 3." in add(service, says(tmp_path, "Removed", "last"))
    assert remove(service, "Removed")[0] == 0
    assert versions(shared, "Removed") == []
    assert "no job type 'Removed'" in shared.post("jobs", submission("Removed"), 400)["Message"]
    assert remove(service, "Removed") == (
        1,
        "batchapps-service: There is no job type 'Removed'; 'jobtypes list' lists those there"
        " are.\n",
    )


def test_a_version_is_called_as_its_author_says(service: Service, tmp_path: Path) -> None:
    made = says(tmp_path, "Called", "word")
    (made / "VERSION").write_text("2.0-beta+1\n")
    assert "version 2.0-beta+1." in add(service, made)
    assert "version 7." in add(service, made, "--version", "7")
    (made / "VERSION").unlink()
    assert "version 8." in add(service, made)
    listed = command("jobtypes", "list", service.directory).stdout
    assert listed.index("Called, version 8\n    Fail: INT = 0") < listed.index("Called, version 7")
    again = command("jobtypes", "add", service.directory, made, "--version", "7")
    assert again.returncode == 1
    assert "Version '7' of job type 'Called' is installed already" in again.stderr


@pytest.mark.parametrize("version", ["", "../up", "ü", "x" * 65])
def test_a_version_that_is_none_is_refused(service: Service, tmp_path: Path, version: str) -> None:
    made = says(tmp_path, "Nameless", "word")
    done = command("jobtypes", "add", service.directory, made, "--version", version)
    assert (done.returncode, "is no version" in done.stderr) == (1, True)


def test_a_version_file_that_holds_none_is_refused(
    service: Service, api: Api, tmp_path: Path
) -> None:
    made = says(tmp_path, "Nameless", "word")
    (made / "VERSION").write_bytes(b"\xff\n1.0")
    done = command("jobtypes", "add", service.directory, made)
    assert (done.returncode, "is no version" in done.stderr) == (1, True)
    assert versions(api, "Nameless") == []


def test_a_parameter_version_of_the_templates_own_is_left_to_it(
    service: Service, shared: Api, pool: str, tmp_path: Path
) -> None:
    own = "- {name: version, type: STRING, allowedValues: ['2015', '2016']}"
    add(service, says(tmp_path, "Own", "early", own))
    add(service, says(tmp_path, "Own", "late", own))
    job_id = shared.submit("Own", pool=pool, version="2015")
    assert said(shared, job_id) == "late"
    refused = shared.post("jobs", submission("Own", version="1"), status=400)
    assert "version value (1) not in allowedValues" in refused["Message"]


def test_a_template_that_does_not_validate_is_refused_with_its_place(
    service: Service, tmp_path: Path
) -> None:
    template = SAYS.format(name="Placed", word="x", more="").replace("Param.Out", "Param.Nowhere")
    made = bundle(tmp_path, "Placed", template)
    done = command("jobtypes", "add", service.directory, made)
    assert done.returncode == 1
    place = f"{made / 'template.yaml'} does not validate"
    for words in (place, "steps[0] -> script -> actions -> onRun -> args[1]", "Param.Nowhere"):
        assert words in done.stderr
    (made / "template.yaml").write_text("name: x\nsteps: [}\n")
    done = command("jobtypes", "add", service.directory, made)
    assert f"{made / 'template.yaml'} cannot be read" in done.stderr
    assert "line 2, column 9" in done.stderr
