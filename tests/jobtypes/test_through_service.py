"""The sample job types, and an ordinary OpenJD template, on a real service."""

import io
import zipfile
from pathlib import Path
from typing import Any

import psutil
import pytest
from openjd_local import PHOTOS
from PIL import Image
from programs import needs_blender, needs_imagemagick
from support import Api, Service, until

TEMPLATES = Path(__file__).parent / "templates"


def upload_photos(api: Api) -> list[str]:
    """The photographs, and the text that says where they are from."""
    photos = sorted(PHOTOS.iterdir())
    for photo in photos:
        api.put(photo.name, photo.read_bytes())
    return [photo.name for photo in photos]


def archive(api: Api, job: Any) -> zipfile.ZipFile:
    """The job's final output."""
    reply = api.http.get(job["outputLink"]["href"])
    return zipfile.ZipFile(io.BytesIO(reply.content))


def preview(api: Api, job: Any) -> Image.Image:
    return Image.open(io.BytesIO(api.http.get(job["previewLink"]["href"]).content))


def kinds(api: Api, job: Any) -> dict[str, str]:
    """Names and kinds of what the tasks left, logs apart."""
    listed = api.get(f"jobs/{job['id']}/outputs/files")["outputs"]
    return {one["name"]: one["kind"] for one in listed if one["kind"] != "TaskLog"}


def test_photographs_are_resized(shared: Api, pool: str) -> None:
    names = upload_photos(shared)
    job = shared.finished(shared.submit("ImageResize", names, pool, width="120"), 180)
    assert job["status"] == "Complete", shared.lines(job["id"])
    assert job["taskCount"] == 13
    assert job["outputFileName"] == "resized.zip"
    with archive(shared, job) as packed:
        assert set(packed.namelist()) == {name for name in names if not name.endswith(".md")}
        with Image.open(io.BytesIO(packed.read("chelsea.png"))) as image:
            assert image.size == (120, 80)
    assert preview(shared, job).size == (4 * 172 + 12, 3 * 150 + 12)
    left = kinds(shared, job)
    assert left["chelsea.png"] == "TaskOutput"
    assert left["chelsea.png_thumbnail.png"] == "TaskPreview"
    assert any("Left out" in line and "ORIGIN.md" in line for line in shared.lines(job["id"]))


def test_a_damaged_image_is_named_in_task_and_log(shared: Api, pool: str) -> None:
    shared.put("chelsea.png", (PHOTOS / "chelsea.png").read_bytes())
    shared.put("damaged.png", b"no picture")
    job = shared.finished(shared.submit("ImageResize", ["chelsea.png", "damaged.png"], pool))
    assert job["status"] == "Error"
    tasks = shared.get(f"jobs/{job['id']}/tasks")["tasks"]
    assert [task["status"] for task in tasks] == ["Complete", "Error"]
    assert "damaged.png is not an image" in tasks[1]["message"]
    assert "outputLink" not in job


def test_a_job_without_images_is_refused(shared: Api, pool: str) -> None:
    shared.put("notes.txt", b"no picture")
    reply = shared.http.post(
        "/api/jobs",
        json={
            "Name": "job",
            "Type": "ImageResize",
            "RequiredFiles": [{"Name": "notes.txt", "Timestamp": "2014-08-04T03:53:30Z"}],
            "poolId": pool,
        },
    )
    assert reply.status_code == 400
    assert "None of the files of the job is an image" in reply.json()["Message"]


@needs_imagemagick
def test_photographs_are_resized_by_imagemagick(shared: Api, pool: str) -> None:
    names = upload_photos(shared)
    job = shared.finished(shared.submit("ImageMagick", names, pool, height="90"), 180)
    assert job["status"] == "Complete", shared.lines(job["id"])
    assert job["outputFileName"] == "images.zip"
    with archive(shared, job) as packed:
        assert len(packed.namelist()) == 12
        with Image.open(io.BytesIO(packed.read("chelsea.png"))) as image:
            assert image.size == (135, 90)
    assert preview(shared, job).format == "JPEG"
    assert kinds(shared, job)["chelsea.png_thumbnail.png"] == "TaskPreview"


@needs_blender
def test_a_scene_is_rendered(shared: Api, pool: str, scenes: dict[str, bytes]) -> None:
    shared.put("cube.blend", scenes["cube.blend"])
    shared.put("chelsea.png", (PHOTOS / "chelsea.png").read_bytes())
    job = shared.finished(
        shared.submit(
            "Blender",
            ["chelsea.png", "cube.blend"],
            pool,
            job_file="cube.blend",
            start="8",
            end="10",
            format="PNG",
            output="shot",
            # As the artist's own machine has it.
            jobfile="C:\\art\\cube.blend",
        ),
        300,
    )
    assert job["status"] == "Complete", shared.lines(job["id"])
    assert job["outputFileName"] == "output.zip"
    with archive(shared, job) as packed:
        assert packed.namelist() == ["shot_0008.png", "shot_0009.png", "shot_0010.png"]
        frames = {packed.read(name) for name in packed.namelist()}
    assert len(frames) == 3
    assert job["taskCount"] == 4
    assert preview(shared, job).size == (200, 113)
    assert kinds(shared, job) == {
        "shot_0008.png": "TaskOutput",
        "shot_0008_thumbnail.png": "TaskPreview",
        "shot_0009.png": "TaskOutput",
        "shot_0009_thumbnail.png": "TaskPreview",
        "shot_0010.png": "TaskOutput",
        "shot_0010_thumbnail.png": "TaskPreview",
    }
    assert "Found beside the scene: chelsea.png" in "\n".join(shared.lines(job["id"]))


def test_a_template_as_others_write_them(service: Service, shared: Api, pool: str) -> None:
    service.add_jobtype(TEMPLATES / "Studio")
    job = shared.finished(shared.submit("Studio", [], pool))
    lines = shared.lines(job["id"])
    assert job["status"] == "Complete", lines
    # 7 + 4 frames in chunks of 4, two pairs with two numbers each, one to speak, one to gather
    assert job["taskCount"] == 3 + 4 + 1 + 1
    assert job["outputFileName"] == "summary.txt"
    summary = shared.http.get(job["outputLink"]["href"]).text.splitlines()
    assert sorted(summary) == [
        "0.5 one 1 0.25",
        "0.5 one 3 0.25",
        "1-4",
        "1.0 1-7,20-26:2 1 0.25",
        "1.0 1-7,20-26:2 3 0.25",
        "22-26:2",
        "5-7,20",
        "same",
    ]
    assert "title It's $HOME; `id`" in lines
    assert "secret ********" in lines
    assert not [line for line in lines if "hidden-words" in line]
    assert "gathered 8" in lines


def test_environments_are_left_with_the_values_of_their_step(
    service: Service, shared: Api, pool: str
) -> None:
    service.add_jobtype(TEMPLATES / "Studio")
    job_id = shared.submit("Studio", [], pool)
    shared.finished(job_id)
    # That may come after the job's end.
    until(lambda: {"half was 0.25", "the command goes"} <= set(shared.lines(job_id)), 20)


def test_what_one_step_leaves_feeds_the_next(service: Service, shared: Api, pool: str) -> None:
    service.add_jobtype(TEMPLATES / "Pipeline")
    names = ["chelsea.png", "coffee.png", "rocket.jpg"]
    for name in names:
        shared.put(name, (PHOTOS / name).read_bytes())
    job = shared.finished(shared.submit("Pipeline", names, pool))
    assert job["status"] == "Complete", shared.lines(job["id"])
    assert job["taskCount"] == 3 + 3 + 1
    tasks = shared.get(f"jobs/{job['id']}/tasks")["tasks"]
    steps: dict[str, list[Any]] = {task["step"]: [] for task in tasks}
    for task in tasks:
        steps[task["step"]].append(task)
    # No task of a step starts before all of the step before are done.
    for first, second in (("Small", "Gray"), ("Gray", "Sheet")):
        done = max(task["completionTime"] for task in steps[first])
        assert all(task["startTime"] >= done for task in steps[second])
    left = {name for name, kind in kinds(shared, job).items() if kind == "TaskOutput"}
    stems = ("chelsea", "coffee", "rocket")
    assert left == {f"{kind}_{stem}.png" for kind in ("small", "gray") for stem in stems}
    assert job["outputFileName"] == "sheet.png"
    sheet = Image.open(io.BytesIO(shared.http.get(job["outputLink"]["href"]).content))
    assert sheet.size == (200, 300)
    # In color on the left, gray on the right.
    for row in range(3):
        red, _, blue = sheet.getpixel((50, 100 * row + 30))  # type: ignore[misc]
        assert red != blue
        red, _, blue = sheet.getpixel((150, 100 * row + 30))  # type: ignore[misc]
        assert red == blue


def test_a_thousand_tasks(service: Service, shared: Api, pool: str) -> None:
    service.add_jobtype(TEMPLATES / "Thousand")
    job = shared.finished(shared.submit("Thousand", pool=pool), 180)
    assert job["status"] == "Complete", shared.lines(job["id"])
    assert (job["taskCount"], job["percentComplete"]) == (1000, 100)
    tasks = shared.get(f"jobs/{job['id']}/tasks")["tasks"]
    assert [task["id"] for task in tasks] == list(range(1, 1001))
    assert {(task["status"], task["attempts"], task["exitCode"]) for task in tasks} == {
        ("Complete", 1, 0)
    }
    # Each of them starts and completes once in the log.
    lines = shared.lines(job["id"])
    for word in ("started on", "complete after"):
        assert sum(f" (Nothing) {word}" in line for line in lines) == 1000
    # Nothing was left, so there is no output.
    assert "outputLink" not in job


def processes(job_id: str) -> list[str]:
    """What runs of the job's tasks, whoever is its parent by now."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("BATCHAPPS_JOB_ID") == job_id:
                found.append(process.name())
        except psutil.Error:
            continue
    return found


@pytest.mark.parametrize("how", ["forks", "daemon"])
def test_a_process_that_outlives_its_task_ends_with_the_job(
    service: Service, shared: Api, pool: str, how: str
) -> None:
    service.add_jobtype(TEMPLATES / "Rough")
    job = shared.finished(shared.submit("Rough", pool=pool, How=how), 60)
    assert job["status"] == "Complete", shared.lines(job["id"])
    left = {name for name, kind in kinds(shared, job).items() if kind == "TaskOutput"}
    assert left == {"first.txt", "second.txt"}
    until(lambda: not processes(job["id"]), 20)


def test_a_task_that_fails_half_way_leaves_nothing_half_done(
    service: Service, shared: Api, pool: str
) -> None:
    service.add_jobtype(TEMPLATES / "Rough")
    job = shared.finished(shared.submit("Rough", pool=pool, How="half"), 60)
    assert job["status"] == "Error"
    (task,) = shared.get(f"jobs/{job['id']}/tasks")["tasks"]
    assert (task["status"], task["exitCode"]) == ("Error", 3)
    assert "only half of it is there" in task["message"]
    assert "TaskOutput" not in kinds(shared, job).values()
    assert "outputLink" not in job


def test_a_task_that_hangs_and_hears_no_signal_is_cancelled(
    service: Service, shared: Api, pool: str
) -> None:
    service.add_jobtype(TEMPLATES / "Rough")
    job_id = shared.submit("Rough", pool=pool, How="hangs")
    until(lambda: {"bash", "sleep"} <= set(processes(job_id)))
    shared.post(f"jobs/{job_id}/actions/cancel")
    job = shared.finished(job_id, 30)
    assert job["status"] == "Cancelled"
    until(lambda: not processes(job_id), 20)
    assert "TaskOutput" not in kinds(shared, job).values()
