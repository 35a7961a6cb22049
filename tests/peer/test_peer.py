"""Client 0.5.2, unmodified, as a user of the service.

The programs in ``programs`` run with it, each once, and the tests look at what they printed. What
0.5.2 cannot do with any service is in the tests named ``test_its_own_bug_…``, which look at what it
does instead. Beyond those:

- Signing in needs a keyring, even for an account without a person. On machines without one, and
  here, it is given one that keeps nothing; ``AzureOAuth.get_session``, which reads it, is of no use
  then.
- Signing in on a web page needs a person with a browser and is not tried here.
"""

import io
import json
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import oldclient
import pytest
import surface
from oldclient import Run
from pictures import encoded, picture
from PIL import Image
from support import Service

NAMES = ["a beach.png", "b{curly} #1 100%.png", "c ☃.png"]


def image(path: str) -> tuple[int, int]:
    with Image.open(io.BytesIO(Path(path).read_bytes())) as opened:
        return opened.size


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for name in NAMES:
        (folder / name).write_bytes(encoded(picture(size=(64, 32)), "PNG") + name.encode())
    return folder


@pytest.fixture(scope="module")
def resized(service: Service, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("resized")
    (folder / "results").mkdir()
    return oldclient.run(
        "resize",
        service.add_account(),
        folder,
        "ImageResize",
        "height = 30\n",
        pictures=pictures,
        results=folder / "results",
        nowhere=folder / "nowhere",
    )


@pytest.fixture(scope="module")
def controlled(service: Service, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("controlled")
    (folder / "in.txt").write_text("in\n")
    return oldclient.run(
        "control",
        service.add_account(),
        folder,
        "Words",
        file=folder / "in.txt",
        other=pictures / NAMES[0],
        results=folder,
    )


@pytest.fixture(scope="module")
def pooled(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return oldclient.run("pools", service.add_account(), tmp_path_factory.mktemp("pooled"), "Words")


def test_a_folder_goes_up_with_its_progress(resized: Run, pictures: Path) -> None:
    assert resized["first"] == []
    assert [call["method"] for call in resized.calls["upload"]] == ["POST", "PUT", "PUT", "PUT"]
    sizes = sorted((pictures / name).stat().st_size for name in NAMES)
    assert sorted(total for percent, _, total in resized["steps"] if percent == 0) == sizes
    assert sorted(done for percent, done, _ in resized["steps"] if percent == 100) == sizes


def test_uploading_again_sends_nothing(resized: Run) -> None:
    assert resized["missing"] == resized["second"] == []
    assert resized["single"] is None
    assert resized.made("upload again") == {"POST files"}


def test_uploading_by_force_sends_all_again_from_several_processes(resized: Run) -> None:
    assert resized["forced"] == []
    assert [call["method"] for call in resized.calls["upload by force"]] == ["PUT"] * 3
    assert len(resized["listed"]) == 3


def test_files_are_listed_and_found(resized: Run, pictures: Path) -> None:
    one = resized["one"]
    assert sorted(resized["listed"]) == NAMES
    path, last_modified, _ = resized["listed"][one["name"]]
    assert path == str(pictures / one["name"]).replace("/", "\\")
    assert last_modified == one["last_modified"]
    assert resized["found"] == {
        "by_name": [one["name"]],
        "by_specification": [one["name"]],
        "not_by_another_time": [],
    }
    assert resized["missing_by_api"] == ["nowhere.png"]


def test_a_file_comes_back_by_its_link(resized: Run, pictures: Path) -> None:
    content = (pictures / resized["one"]["name"]).read_bytes()
    assert (resized["back"], resized["size"]) == (True, len(content))


def test_a_job_is_submitted_and_polled_to_its_end(resized: Run) -> None:
    assert resized["new"]["id"] == resized["new"]["jobId"] == resized["job"]["id"]
    assert resized["before"]["status"] == "NotStarted"
    assert resized["before"]["output_url"] is None
    assert resized["too_early"][0] == "FileDownloadException"
    assert resized["states"][0] == "NotStarted"
    assert resized["states"][-1] == "Complete"
    job = resized["job"]
    assert (job["name"], job["type"]) == ("Old pictures", "ImageResize")
    assert (job["percentage"], job["number_tasks"]) == (100, 4)
    assert job["time_submitted"] <= job["time_started"] <= job["time_completed"]
    assert job["pool_id"]
    # Listed by a part of its name, with a count.
    assert (resized["page"], resized["count"]) == ([job["id"]], 1)
    assert resized["again"] == "Complete"


def test_tasks_and_outputs_are_listed(resized: Run) -> None:
    assert [(task["id"], task["status"]) for task in resized["tasks"]] == [
        (number, "Complete") for number in (1, 2, 3, 4)
    ]
    assert all(task["completion_time"] for task in resized["tasks"])
    listed = [
        {one["name"]: one["type"] for one in outputs if one["type"] != "TaskLog"}
        for outputs in resized["outputs"]
    ]
    # The client forgets the order of the files that it is given.
    assert sorted(name for task in listed[:3] for name in task if name in NAMES) == NAMES
    assert [sorted(task.values()) for task in listed] == [["TaskOutput", "TaskPreview"]] * 4
    # Those of the merge are the job's own.
    assert "resized.zip" in listed[3]
    assert len([one for one in resized["everything"] if one["type"] != "TaskLog"]) == 6


def test_outputs_are_downloaded_under_their_names(resized: Run) -> None:
    final = Path(resized["final"])
    with zipfile.ZipFile(final) as packed:
        assert sorted(packed.namelist()) == NAMES
    assert resized["progress"][-1] == [100.0, final.stat().st_size, final.stat().st_size]
    assert resized["kept"] == resized["final"]
    assert sorted(resized["intermediate"]) == NAMES
    for name, path in resized["intermediate"].items():
        assert Path(path).name == name
        assert image(path) == (40, 20)
    assert Path(resized["of_task"]).name in NAMES


def test_thumbnails_are_downloaded(resized: Run) -> None:
    assert Path(resized["sheet"]).name == "sheet.png"
    assert image(resized["sheet"])
    assert Path(resized["nameless"]).suffix == ".png"
    assert image(resized["nameless"])
    # One of a task, as any other output of the job.
    assert image(resized["preview"])


def test_logs_are_read_whole_and_polled(resized: Run) -> None:
    texts = [message["text"] for message in resized["logs"]["messages"]]
    assert texts[-1] == "The job is complete."
    assert {message.get("taskId") for message in resized["logs"]["messages"]} == {None, 1, 2, 3, 4}
    assert resized["logs"]["upTo"] == resized["logs"]["messages"][-1]["timestamp"]
    assert resized["paged"] == resized["logs"]["messages"]


def test_what_is_complete_is_neither_cancelled_nor_run_again(resized: Run) -> None:
    assert resized["cancel"] is False
    assert resized["reprocess"] is False


def test_a_failed_job_is_run_again(controlled: Run) -> None:
    assert controlled["failed"][-1] == "Error"
    assert controlled["failed_tasks"] == {"1": "Complete", "2": "Error", "3": "Complete"}
    assert controlled["reprocess"] is True
    assert controlled["again"][0] in ("NotStarted", "InProgress")
    assert controlled["again"][-1] == "Error"
    starts = sorted(line.split()[1] for line in controlled["starts"] if ") started on" in line)
    assert starts == ["1", "2", "2", "3"]
    assert controlled["cancel_failed"] is False
    assert controlled["no_output"][0] == controlled["no_thumbnail"][0] == "FileDownloadException"


def test_a_task_and_a_job_are_cancelled(controlled: Run) -> None:
    assert controlled["cancel_task"] is True
    assert controlled["cancel_task_again"] is False
    assert controlled["cancel"] is True
    assert controlled["cancel_again"] is False


def test_an_expired_token_is_renewed(controlled: Run) -> None:
    assert controlled["renewed"] == 2
    assert controlled["is_new"] is True


def test_what_is_wrong_reaches_the_user(controlled: Run) -> None:
    assert controlled["refused_token"][::2] == ["RestCallException", "AuthenticationException"]
    assert controlled["wrong_key"][0] == "AuthenticationException"
    assert "No account" in controlled["wrong_key"][1]
    for what in ("job", "cancel"):
        assert controlled["unknown"][what][::2] == ["RestCallException", "OSError"]
        assert "404" in controlled["unknown"][what][1]
    for what, words in {
        "parameter": "Count",
        "file": "not uploaded: 'a beach.png'",
        "pool": "no pool 'no-such-pool'",
    }.items():
        name, message, kind = controlled["bad"][what]
        assert (name, kind) == ("RestCallException", "ValueError")
        assert words in message


def test_pools_are_made_and_listed(pooled: Run) -> None:
    empty, pool, certified = pooled["made"]
    assert (empty["target_size"], empty["max_tasks"], empty["communication"]) == (0, 1, False)
    assert (pool["target_size"], pool["max_tasks"], pool["communication"]) == (1, 2, True)
    assert {each["auto"] for each in pooled["made"]} == {False}
    assert {each["state"] for each in pooled["made"]} == {"active"}
    (certificate,) = certified["certificates"]
    assert certificate["storeName"] == "My"
    assert (pooled["listed"], pooled["count"]) == ([each["id"] for each in pooled["made"]], 3)
    assert pooled["started"] is True
    assert len(set(pooled["times"])) == 1


def test_a_job_waits_until_its_pool_grows(pooled: Run) -> None:
    assert pooled["status"] == "NotStarted"
    # The client reads one member when it makes a Pool and another when it brings one up to date.
    assert [job["name"] for job in pooled["on_list"]] == ["Waits"]
    assert pooled["on_update"] == pooled["on_list"]
    assert pooled["busy"][::2] == ["RestCallException", None]
    assert "1 job" in pooled["busy"][1]
    assert pooled["grown"] == 1
    assert pooled["states"][-1] == "Complete"
    assert pooled["pool_of_job"] == pooled["made"][0]["id"]
    assert pooled["after"] == []
    assert pooled["shrunk"] is True


def test_a_jobs_own_pool_goes_with_it(pooled: Run) -> None:
    assert pooled["automatic"] == {"auto": True, "target_size": 1}
    assert pooled["gone"][::2] == ["RestCallException", "OSError"]


def test_pools_are_deleted(pooled: Run) -> None:
    assert pooled["deleted"] is None
    assert "404" in pooled["after_delete"][1]
    assert pooled["left"] == pooled["at_the_end"] == []


def test_its_own_bug_a_tasks_thumbnail_cannot_be_downloaded_on_python_3(resized: Run) -> None:
    # It compares the size that it never asked for, None, with 0.
    name, message, _ = resized["task_thumbnail"]
    assert name == "TypeError"
    assert "NoneType" in message


def test_its_own_bug_a_files_download_goes_to_the_wrong_address(resized: Run) -> None:
    # It fetches with the local file, which has no link, rather than with the service's record.
    assert resized["broken_download"][2] == "IsADirectoryError"


def test_its_own_bug_an_uploaded_file_is_false(resized: Run) -> None:
    # What is_uploaded() returns is true only if it exists here, which a record never does.
    assert resized["one"]["truth"] is False


def test_its_own_bug_a_parameter_of_the_configuration_cannot_be_changed(resized: Run) -> None:
    # Setting it again makes an attribute of the job and leaves the parameter as it was.
    sent = {one["Name"]: one["Value"] for one in resized["message"]["Parameters"]}
    assert sent == {"width": "40", "height": "30", "default_jobtype": "True"}


def test_its_own_bug_the_words_of_a_quota_are_dropped(pooled: Run) -> None:
    for what in ("create", "resize"):
        assert pooled["beyond"][what] == [
            "RestCallException",
            "Call failed with status: 409",
            "ValueError",
        ]


def test_its_own_bug_logs_that_cannot_be_had_are_none(controlled: Run) -> None:
    assert controlled["unknown"]["logs"] is None


def test_our_list_of_its_surface_is_what_it_has(tmp_path: Path) -> None:
    """The list that the tests of the client walk, against the client of 2015 itself."""
    done = subprocess.run(
        [oldclient.install(), Path(__file__).parent / "programs" / "surface.py"],
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    real = json.loads(done.stdout)
    listed = surface.listed()
    problems = [f"no {name}" for name in listed["package"] if name not in real["package"]]
    for module, contents in listed["modules"].items():
        constants = real["modules"][module]["constants"]
        for name, value in contents.get("switches", {}).items():
            if constants.get(name) != repr(value):
                problems.append(f"{module}.{name} is {constants.get(name)}")
    gone = {*listed["gone"], *listed["gone_names"], "batchapps.test"}
    for module, contents in real["modules"].items():
        if module in gone:
            continue
        known = listed["modules"].get(module, {}).get("classes", {})
        names = {*contents["classes"], *contents["functions"]}
        problems += [
            f"{module}.{name} is not in the list"
            for name in names - known.keys()
            if not name.startswith("_") and f"{module}.{name}" not in gone
        ]
        for name, details in known.items():
            problems += _unlike(f"{module}.{name}", details, contents["classes"].get(name))
    assert problems == []


def _unlike(path: str, listed: dict[str, Any], real: dict[str, Any] | None) -> list[str]:
    """Where our list and the real class differ, either having what the other has not."""
    if real is None:
        return [f"there is no {path}"]
    found = []
    calls = [(path, listed.get("call"), real["call"])]
    for name in listed.get("methods", {}).keys() | real["methods"].keys():
        text, present = listed.get("methods", {}).get(name), real["methods"].get(name)
        inherited = present is None and name in real["members"]
        hidden = text is None and name.startswith("_")
        if not inherited and not hidden:
            calls.append((f"{path}.{name}", text, present))
    for name, text, present in calls:
        if (text is None) != (present is None):
            found.append(f"{name}: {text} in the list, {present} in truth")
        elif text is not None:
            wanted = [list(argument) for argument in surface.written(text)]
            by_place = name.rpartition(".")[2].startswith("__")
            if len(wanted) != len(present) if by_place else wanted != present:
                found.append(f"{name}: {wanted} in the list, {present} in truth")
    attributes = {name for name in real["attributes"] if not name.startswith("_")}
    found += [
        f"{path}.{name} is not in the list" for name in attributes - {*listed.get("attributes", [])}
    ]
    return found
