"""Jobs, tasks and outputs, by raw calls."""

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from support import Api, Service, bundle, until


@pytest.fixture
def done(shared: Api, pool: str) -> str:
    """A complete Words job of three tasks and a merge over one file."""
    shared.put("one.txt", b"one\n")
    job_id = shared.submit("Words", ["one.txt"], pool, Word="word")
    assert shared.finished(job_id)["status"] == "Complete"
    return job_id


def made_by_tasks(api: Api, job_id: str) -> list[dict[str, Any]]:
    """The listed output files but for the tasks' logs."""
    listed = api.get(f"jobs/{job_id}/outputs/files")["outputs"]
    return [one for one in listed if one["kind"] != "TaskLog"]


def test_a_job_goes_through_its_states_and_ends_with_the_merged_output(
    shared: Api, done: str
) -> None:
    job = shared.job(done)
    assert job["taskCount"] == 4
    assert job["percentComplete"] == 100
    assert job["submissionTime"] <= job["startTime"] <= job["completionTime"]
    assert job["outputFileName"] == "all words.txt"
    content = shared.http.get(job["outputLink"]["href"])
    assert content.text == "one\nword 1\none\nword 2\none\nword 3\n"
    head = shared.http.head(job["outputLink"]["href"])
    assert head.headers["content-length"] == str(len(content.content))
    assert head.content == b""


def test_tasks_are_listed_by_id_with_their_outputs(shared: Api, done: str) -> None:
    tasks = shared.get(shared.job(done)["taskListLink"]["href"])["tasks"]
    assert [task["id"] for task in tasks] == [1, 2, 3, 4]
    assert [task["step"] for task in tasks] == ["Write", "Write", "Write", "Merge"]
    assert {task["status"] for task in tasks} == {"Complete"}
    assert [[one["name"] for one in task["outputs"]] for task in tasks] == [
        ["part_1.txt", "task_1_attempt_1.log"],
        ["part_2.txt", "task_2_attempt_1.log"],
        ["part_3.txt", "task_3_attempt_1.log"],
        ["all words.txt"],
    ]
    pages = [
        shared.get(f"jobs/{done}/tasks", startIndex=str(start), maxResults="3")["tasks"]
        for start in (0, 3, 4)
    ]
    assert pages == [tasks[:3], tasks[3:], []]
    assert shared.get(f"jobs/{done}/tasks", startIndex="2")["tasks"] == tasks[2:]
    link = tasks[3]["outputs"][0]["link"]["href"]
    assert link.endswith("/outputs/files/all%20words.txt")
    assert shared.http.get(link).text.startswith("one\n")
    assert shared.get(f"jobs/{done}/tasks/2/outputs/files")["outputs"] == tasks[1]["outputs"]


def test_intermediate_and_final_outputs_are_separate_listings(shared: Api, done: str) -> None:
    intermediate = made_by_tasks(shared, done)
    assert [(one["name"], one["taskId"]) for one in intermediate] == [
        ("part_1.txt", 1),
        ("part_2.txt", 2),
        ("part_3.txt", 3),
    ]
    final = shared.get(f"jobs/{done}/outputs")["jobOutputs"]
    assert [(one["name"], one["kind"]) for one in final] == [("all words.txt", "JobOutput")]


def test_the_log_has_the_services_words_and_the_tasks(shared: Api, pool: str) -> None:
    job_id = shared.submit("Words", pool=pool, Count="1", Mystery="1", default_jobtype="True")
    shared.finished(job_id)
    messages = shared.get(f"jobs/{job_id}/log")["messages"]
    texts = [message["text"] for message in messages]
    assert "Parameter 'Mystery' is not defined by the job type and was ignored." in texts
    assert "task 1 says word" in texts
    assert "to stderr" in texts
    assert texts[-1] == "The job is complete."
    assert not any("openjd_progress" in text for text in texts)
    assert {message.get("taskId") for message in messages} == {None, 1, 2}


def test_polling_the_log_by_upto_gives_every_line_once(shared: Api, done: str) -> None:
    whole = shared.get(f"jobs/{done}/log")["messages"]
    polled, since = [], None
    while True:
        query = {"maxResults": 3} | ({"since": since} if since else {})
        page = shared.get(f"jobs/{done}/log", **query)
        if not page["messages"]:
            assert page["upTo"] == since
            break
        assert len(page["messages"]) <= 3
        polled += page["messages"]
        since = page["upTo"]
    assert polled == whole


def test_jobs_are_listed_newest_first_and_by_name(api: Api) -> None:
    empty = api.post("pools", {"targetDedicated": "0"})["poolId"]
    for name in ("first", "second 100%", "third"):
        api.submit("Words", pool=empty, name=name)
    listed = api.get("jobs")
    assert [job["name"] for job in listed["jobs"]] == ["third", "second 100%", "first"]
    assert listed["totalCount"] == 3
    page = api.get("jobs", maxResults=1, startIndex=1)
    assert [job["name"] for job in page["jobs"]] == ["second 100%"]
    assert page["totalCount"] == 3
    assert [job["name"] for job in api.get("jobs", nameContains="IR")["jobs"]] == ["third", "first"]
    assert [job["name"] for job in api.get("jobs", nameContains="%")["jobs"]] == ["second 100%"]
    assert api.get("jobs", startIndex=7)["jobs"] == []


def test_a_failing_task_fails_the_job_and_says_why(shared: Api, pool: str) -> None:
    job_id = shared.submit("Words", pool=pool, FailAt="2")
    assert shared.finished(job_id)["status"] == "Error"
    tasks = {task["id"]: task for task in shared.get(f"jobs/{job_id}/tasks")["tasks"]}
    assert {number: task["status"] for number, task in tasks.items()} == {
        1: "Complete",
        2: "Error",
        3: "Complete",
    }
    assert tasks[2]["exitCode"] == 7
    assert "told to fail at 2" in tasks[2]["message"]
    assert any("told to fail at 2" in line for line in shared.lines(job_id))
    assert "outputLink" not in shared.job(job_id)


def test_reprocess_runs_failed_tasks_only(shared: Api, pool: str) -> None:
    job_id = shared.submit("Words", pool=pool, FailAt="2")
    shared.finished(job_id)
    kept = [one["name"] for one in made_by_tasks(shared, job_id)]
    assert kept == ["part_1.txt", "part_3.txt"]
    assert shared.post(f"jobs/{job_id}/actions/reprocess")["jobId"] == job_id
    until(lambda: "Reprocessing 1 tasks." in shared.lines(job_id))
    assert shared.finished(job_id)["status"] == "Error"
    starts = [line for line in shared.lines(job_id) if line.startswith("Task") and "start" in line]
    assert sorted(line.split()[1] for line in starts) == ["1", "2", "2", "3"]


def test_reprocess_of_a_complete_job_is_refused(shared: Api, done: str) -> None:
    refused = shared.post(f"jobs/{done}/actions/reprocess", status=403)
    assert "Complete" in refused["Message"]


def test_cancel_stops_running_tasks_at_once(shared: Api, pool: str, service: Service) -> None:
    job_id = shared.submit("Words", pool=pool, Count="6", Sleep="600")
    until(lambda: shared.job(job_id)["status"] == "InProgress")
    started = time.monotonic()
    shared.post(f"jobs/{job_id}/actions/cancel")
    job = shared.finished(job_id)
    assert job["status"] == "Cancelled"
    assert time.monotonic() - started < 10
    assert "completionTime" in job
    assert {t["status"] for t in shared.get(f"jobs/{job_id}/tasks")["tasks"]} == {"Cancelled"}
    refused = shared.post(f"jobs/{job_id}/actions/cancel", status=403)
    assert "Cancelled" in refused["Message"]


def test_cancel_of_one_task_leaves_the_others(shared: Api, pool: str) -> None:
    job_id = shared.submit("Words", pool=pool, Count="2", Sleep="3")
    until(lambda: len(shared.get(f"jobs/{job_id}/tasks")["tasks"]) == 2)
    shared.post(f"jobs/{job_id}/tasks/1/actions/cancel")
    assert shared.finished(job_id)["status"] == "Error"
    statuses = [task["status"] for task in shared.get(f"jobs/{job_id}/tasks")["tasks"]]
    assert statuses == ["Cancelled", "Complete"]
    shared.post(f"jobs/{job_id}/tasks/2/actions/cancel", status=403)


def test_a_job_waits_on_an_empty_pool_and_runs_when_it_grows(api: Api) -> None:
    pool = api.post("pools", {"targetDedicated": "0", "maxTasksPerTVM": "1"})["poolId"]
    job_id = api.submit("Words", pool=pool, Count="1")
    time.sleep(1)
    assert api.job(job_id)["status"] == "NotStarted"
    assert [job["id"] for job in api.get(f"pools/{pool}")["activeJobs"]] == [job_id]
    api.post(f"pools/{pool}/actions/resize", {"targetDedicated": "1"})
    assert api.finished(job_id)["status"] == "Complete"
    found = api.get(f"pools/{pool}")
    assert (found["targetDedicated"], found["currentDedicated"]) == (1, 1)
    assert found["jobs"] == found["activeJobs"] == []


def test_an_auto_pool_lives_as_long_as_its_job(api: Api) -> None:
    job_id = api.submit("Words", Count="1")
    listed = api.get("pools")["pools"]
    assert [(one["id"], one["autoPool"]) for one in listed] == [(api.job(job_id)["poolId"], True)]
    assert api.finished(job_id)["status"] == "Complete"
    assert api.get("pools") == {"totalCount": 0, "pools": []}


def test_dependent_steps_find_and_change_earlier_outputs(shared: Api, pool: str) -> None:
    job_id = shared.submit("Chain", pool=pool)
    job = shared.finished(job_id)
    assert job["status"] == "Complete", shared.lines(job_id)
    outputs = {
        task["id"]: {one["name"]: one["link"]["href"] for one in task["outputs"]}
        for task in shared.get(f"jobs/{job_id}/tasks")["tasks"]
    }
    assert sorted(outputs[1]) == ["changed.txt", "kept.txt"]
    # Touching a file does not make it an output; changing it does, under a name of its own.
    assert sorted(outputs[2]) == ["changed_2.txt", "seen_1.txt"]
    assert sorted(outputs[3]) == ["seen_2.txt"]
    assert shared.http.get(outputs[2]["seen_1.txt"]).text.split() == [
        "changed.txt",
        "kept.txt",
    ]
    assert shared.http.get(outputs[2]["changed_2.txt"]).text == "one\ntwo\n"
    # The last step has no parameter space: it is the merge, and left two files.
    archive = zipfile.ZipFile(io.BytesIO(shared.http.get(job["outputLink"]["href"]).content))
    assert sorted(archive.namelist()) == ["sub/listing.txt", "third.txt"]
    listing = ["changed.txt", "kept.txt", "seen_1.txt", "seen_2.txt", "sub"]
    assert archive.read("sub/listing.txt").decode().split() == listing
    # What the second step changed has taken the place of what it found.
    assert archive.read("third.txt") == b"one\ntwo\n"


FILE_AND_FOLDER = """
specificationVersion: jobtemplate-2023-09
name: FileAndFolder
parameterDefinitions:
  - {name: Out, type: PATH, objectType: DIRECTORY, dataFlow: OUT}
steps:
  - name: First
    parameterSpace: {taskParameterDefinitions: [{name: N, type: INT, range: "1-2"}]}
    script:
      actions:
        onRun:
          command: bash
          args: ["-c", 'cd "$1"; [ $2 = 1 ] && touch a || { mkdir a; touch a/b; }',
                 x, "{{Param.Out}}", "{{Task.Param.N}}"]
  - name: Second
    dependencies: [{dependsOn: First}]
    script:
      actions: {onRun: {command: bash, args: ["-c", 'cd "$1"; ls > found', x, "{{Param.Out}}"]}}
"""


def test_a_file_and_a_folder_of_one_name_are_both_laid_out(
    service: Service, shared: Api, pool: str, tmp_path: Path
) -> None:
    service.add_jobtype(bundle(tmp_path, "FileAndFolder", FILE_AND_FOLDER))
    job = shared.finished(shared.submit("FileAndFolder", pool=pool))
    assert job["status"] == "Complete", shared.lines(job["id"])
    assert shared.http.get(job["outputLink"]["href"]).text.split() == ["a", "a_b", "found"]


def test_without_a_merge_all_outputs_are_zipped_under_flat_unique_names(
    shared: Api, pool: str
) -> None:
    job_id = shared.submit("Folder", pool=pool)
    job = shared.finished(job_id)
    assert job["status"] == "Complete", shared.lines(job_id)
    assert job["taskCount"] == 2
    listed = shared.get(f"jobs/{job_id}/outputs/files")["outputs"]
    names = {one["taskId"]: one["name"] for one in listed}
    # Whoever came first has the plain name; links and pipes are no outputs.
    first = min(names, key=lambda number: len(names[number]))
    second = 3 - first
    assert names == {first: "a b_c_same #1.txt", second: f"a b_c_same #1_{second}.txt"}
    for one in listed:
        assert "%20b_c_same%20%231" in one["link"]["href"]
        assert shared.http.get(one["link"]["href"]).text == f"{one['taskId']}\n"
    assert job["outputFileName"] == "output.zip"
    archive = zipfile.ZipFile(io.BytesIO(shared.http.get(job["outputLink"]["href"]).content))
    contents = {archive.read(name).decode() for name in archive.namelist()}
    assert contents == {"1\n", "2\n"}


def test_environments_are_entered_once_for_several_tasks(shared: Api, pool: str) -> None:
    job_id = shared.submit("Environments", pool=pool)
    assert shared.finished(job_id)["status"] == "Complete", shared.lines(job_id)
    for one in made_by_tasks(shared, job_id):
        # Each task began with an empty output folder.
        assert shared.http.get(one["link"]["href"]).text == "0\njob step\n"
    entered = shared.lines(job_id).count("entering")
    assert 1 <= entered <= 2
    until(lambda: shared.lines(job_id).count("leaving") == entered, timeout=10)


def test_parameters_are_filled_by_role_in_a_clean_environment(
    shared: Api, pool: str, service: Service
) -> None:
    for name in ("a scene.txt", "b.txt"):
        shared.put(name, name.encode())
    # A path on the user's machine names the required file in its last part.
    job_id = shared.submit(
        "Single", ["b.txt", "a scene.txt"], pool, Scene="C:\\art\\a scene.txt", Tools="ignored"
    )
    job = shared.finished(job_id)
    assert job["status"] == "Complete", shared.lines(job_id)
    report = next(
        one
        for one in shared.get(f"jobs/{job_id}/tasks")["tasks"][0]["outputs"]
        if one["name"] == "report.txt"
    )
    scene, content, files, *names = shared.http.get(report["link"]["href"]).text.split("\n")
    assert (scene, content) == ("a scene.txt", "a scene.txt")
    assert files.index("b.txt") < files.index("a scene.txt")
    expected = {"BATCHAPPS_JOB_ID", "BATCHAPPS_MARK", "HOME", "LANG", "LC_CTYPE"}
    expected |= {"OPENJD_SESSION_WORKING_DIR", "PATH", "TMPDIR"}
    assert set(names) <= expected | {"PWD", "OLDPWD", "SHLVL", "_"}


def test_the_job_file_is_the_default_for_a_file_parameter(shared: Api, pool: str) -> None:
    shared.put("start.txt", b"from job file")
    job_id = shared.submit("Single", ["start.txt"], pool, job_file="start.txt")
    assert shared.finished(job_id)["status"] == "Complete", shared.lines(job_id)


def test_jobs_keep_the_content_they_were_submitted_with(api: Api) -> None:
    pool = api.post("pools", {"targetDedicated": "0", "maxTasksPerTVM": "1"})["poolId"]
    api.put("in.txt", b"old\n")
    job_id = api.submit("Words", ["in.txt"], pool, Count="1")
    api.put("in.txt", b"new\n")
    assert len(api.get("files")["files"]) == 1
    api.post(f"pools/{pool}/actions/resize", {"targetDedicated": "1"})
    job = api.finished(job_id)
    assert api.http.get(job["outputLink"]["href"]).text == "old\nword 1\n"


def test_parameters_never_reach_a_shell(shared: Api, pool: str) -> None:
    for word in ("$(touch pwned)", "; exit 9"):
        job_id = shared.submit("Words", pool=pool, Count="1", Word=word)
        job = shared.finished(job_id)
        assert job["status"] == "Complete"
        assert shared.http.get(job["outputLink"]["href"]).text == f"{word} 1\n"


def test_percent_follows_the_tasks_own_progress(shared: Api, pool: str) -> None:
    job_id = shared.submit("Words", pool=pool, Count="1", Sleep="1.5")
    until(lambda: shared.job(job_id)["percentComplete"] == 25, timeout=20)
    assert shared.get(f"jobs/{job_id}/tasks")["tasks"][0]["progress"] == 50
    assert shared.finished(job_id)["percentComplete"] == 100
