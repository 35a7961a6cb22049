"""Logs of jobs and tasks, by raw calls."""

import random
from pathlib import Path

import pytest
from support import ROOT, Api, Service, running, until


@pytest.fixture(scope="module")
def lane(common: Api) -> str:
    """A pool of the module's own."""
    return str(common.post("pools", {"targetDedicated": "2"})["poolId"])


def logs(api: Api, job_id: str, number: int = 1) -> dict[str, str]:
    """Names and texts of a task's logs."""
    listed = api.get(f"jobs/{job_id}/tasks/{number}/outputs/files")["outputs"]
    return {
        one["name"]: api.http.get(one["link"]["href"]).text
        for one in listed
        if one["kind"] == "TaskLog"
    }


def test_a_log_is_polled_without_loss_or_repeats_while_it_grows(common: Api, lane: str) -> None:
    script = "for i in {1..20}; do for j in {1..60}; do echo $1-$i-$j; done; sleep 0.05; done"
    job_id = common.submit("Shell", pool=lane, Count="3", Script=script)
    choice = random.Random(1)
    polled, since, ended = [], None, False
    while True:
        query = {"maxResults": choice.choice([1, 7, 100, 1000])} | (
            {"since": since} if since else {}
        )
        page = common.get(f"jobs/{job_id}/log", **query)
        assert len(page["messages"]) <= query["maxResults"]
        polled += page["messages"]
        if page["messages"]:
            assert page["upTo"] == page["messages"][-1]["timestamp"]
            since = page["upTo"]
        elif ended:
            break
        else:
            # Once more after the end, for what was written between the two looks.
            ended = common.job(job_id)["status"] == "Complete"
    assert polled == common.get(f"jobs/{job_id}/log")["messages"]
    stamps = [message["timestamp"] for message in polled]
    assert stamps == sorted(set(stamps))
    for task in (1, 2, 3):
        said = [m["text"] for m in polled if m.get("taskId") == task and "-" in m["text"]]
        told = [line for line in said if line.startswith(f"{task}-")]
        assert told == [f"{task}-{i}-{j}" for i in range(1, 21) for j in range(1, 61)]
        (text,) = logs(common, job_id, task).values()
        assert text.splitlines() == told


def test_both_streams_of_a_task_are_its_log_and_no_part_of_the_final_output(
    common: Api, lane: str
) -> None:
    script = 'echo out; echo err >&2; echo openjd_progress: 10; echo made > "$2/made.txt"'
    job_id = common.submit("Shell", pool=lane, Script=script)
    assert common.finished(job_id)["status"] == "Complete"
    (found,) = logs(common, job_id).items()
    assert found[0] == "task_1_attempt_1.log"
    assert sorted(found[1].splitlines()) == ["err", "out"]
    kinds = {
        one["name"]: one["kind"] for one in common.get(f"jobs/{job_id}/outputs/files")["outputs"]
    }
    assert kinds == {"made.txt": "TaskOutput", "task_1_attempt_1.log": "TaskLog"}
    (listed,) = common.get(f"jobs/{job_id}/tasks")["tasks"]
    assert {one["name"] for one in listed["outputs"]} == set(kinds)
    archive = common.http.get(common.job(job_id)["outputLink"]["href"]).content
    assert b"made.txt" in archive
    assert b"attempt_1.log" not in archive


def test_each_attempt_has_a_log_that_says_why_it_failed(
    common: Api, lane: str, tmp_path: Path
) -> None:
    script = f"""n=$(ls "{tmp_path}" | wc -l); touch "{tmp_path}/$n"; echo attempt $n
        [ $n != 0 ] || exit 75; [ $n != 1 ] || {{ echo openjd_fail: no luck; exit 1; }}"""
    job_id = common.submit("Shell", pool=lane, Script=script)
    assert common.finished(job_id)["status"] == "Error"
    common.post(f"jobs/{job_id}/actions/reprocess")
    assert common.finished(job_id)["status"] == "Complete"
    found = logs(common, job_id)
    assert sorted(found) == [f"task_1_attempt_{n}.log" for n in (1, 2, 3)]
    first, second, third = (found[name].splitlines() for name in sorted(found))
    assert first[0] == "attempt 0"
    assert "exit code 75" in first[-1]
    assert second[:2] == ["attempt 1", "no luck"]
    assert "no luck" in second[-1]
    assert third == ["attempt 2"]


def test_a_cancelled_task_keeps_what_it_had_printed(common: Api, lane: str) -> None:
    job_id = common.submit("Shell", pool=lane, Script="echo begun; sleep 600")
    until(lambda: "begun" in common.lines(job_id))
    common.post(f"jobs/{job_id}/actions/cancel")
    assert common.finished(job_id)["status"] == "Cancelled"
    (text,) = logs(common, job_id).values()
    assert text.splitlines() == ["begun", "The task was cancelled."]


def test_a_silent_task_has_no_log_and_names_stay_unique(common: Api, lane: str) -> None:
    script = '[ $1 = 1 ] || { echo mine > "$2/task_2_attempt_1.log"; echo printed; }'
    job_id = common.submit("Shell", pool=lane, Count="2", Script=script)
    assert common.finished(job_id)["status"] == "Complete"
    assert logs(common, job_id, 1) == {}
    outputs = common.get(f"jobs/{job_id}/tasks/2/outputs/files")["outputs"]
    texts = {one["kind"]: common.http.get(one["link"]["href"]).text for one in outputs}
    assert texts == {"TaskOutput": "mine\n", "TaskLog": "printed\n"}


def test_what_a_task_redacts_is_in_no_log(common: Api, lane: str) -> None:
    template_says = "echo 'openjd_redacted_env: KEY=hunter2'; echo the key is hunter2"
    job_id = common.submit("Redacting", pool=lane, Script=template_says)
    assert common.finished(job_id)["status"] == "Complete", common.lines(job_id)
    (text,) = logs(common, job_id).values()
    assert text.startswith("the key is ****")
    assert "hunter2" not in text + "".join(common.lines(job_id))


def test_a_long_log_keeps_its_beginning_and_end(tmp_path: Path) -> None:
    service = Service.make(tmp_path / "data", max_task_log_bytes=1000)
    service.add_jobtype(ROOT / "tests" / "jobtypes_for_tests" / "Shell")
    with running(service):
        api = service.api()
        script = "for i in {1..1000}; do echo line $i; done; exit 9"
        job_id = api.submit("Shell", Script=script)
        assert api.finished(job_id)["status"] == "Error"
        (text,) = logs(api, job_id).values()
    lines = text.splitlines()
    assert lines[:2] == ["line 1", "line 2"]
    assert "exit code 9" in lines[-1]
    assert lines[-2] == "line 1000"
    assert len(text) < 1100
    (cut,) = [line for line in lines if "left out" in line]
    shown = len([line for line in lines if line.startswith("line")])
    assert cut.startswith(f"({1000 - shown} lines")
