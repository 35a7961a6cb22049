"""A folder of pictures is resized, the way the samples go about it."""

from _session import attributes, done, given, mark, poll, raised, sign_in

from batchapps import FileManager, JobManager

cfg, creds = sign_in()
files = FileManager(creds, cfg=cfg)
jobs = JobManager(creds, cfg=cfg)

mark("upload")
pictures = files.files_from_dir(given["pictures"])
steps = []
first = pictures.upload(callback=lambda *step: steps.append(step))

mark("upload again")
missing = [each.name for each in pictures.is_uploaded()]
second = files.files_from_dir(given["pictures"]).upload()
single = pictures[0].upload()

mark("upload by force")  # in processes, as Blender does
forced = pictures.upload(force=True, threads=4)

mark("queries")
listed = {each.name: [each.path, each._last_modified, each.url] for each in files.list_files()}
one = pictures[0]
found = {
    "by_name": [each.name for each in files.find_files(one.name)],
    "by_specification": [
        each.name for each in files.find_file(one.name, one.get_last_modified(), one.path)
    ],
    "not_by_another_time": [
        each.name for each in files.find_file(one.name, "1999-01-01T00:00:00Z")
    ],
}
missing_by_api = files._client.query_missing_files(
    [one.create_query_specifier(), dict(one.create_query_specifier(), FileName="nowhere.png")]
)

# A file comes back by the layer below only.
cloud = one.is_uploaded()
size = files._client.props_file(cloud).result
back = files._client.get_file(cloud, size, given["results"], overwrite=True)
broken_download = raised(one.download, given["nowhere"])

mark("job")
job = jobs.create_job("Old pictures", files=pictures)
job.width = 40
job.height = 16  # has a value in the configuration
job.instances = 1
message = job._create_job_message()
new = job.submit()
submitted = jobs.get_job(url=new["link"])
before = attributes(submitted, "status", "percentage", "number_tasks", "output_url")
too_early = raised(submitted.get_output, given["results"])
states = poll(submitted, "Complete", "Error", "Cancelled")

tasks = submitted.get_tasks()
everything = submitted.list_all_outputs()
outputs = [task.list_outputs() for task in tasks]

mark("download")
target = given["results"]
progress = []
final = submitted.get_output(
    target, overwrite=True, callback=lambda *step: progress.append(step), block=100000
)
kept = submitted.get_output(target)
intermediate = {
    output["name"]: submitted.get_output(target, output=output, overwrite=True)
    for output in everything
    if output["type"] == "TaskOutput"
}
of_task = tasks[0].get_output(outputs[0][0], target, overwrite=True)
sheet = submitted.get_thumbnail(target, "sheet.png", True)
nameless = submitted.get_thumbnail()
previews = [output for output in everything if output["type"] == "TaskPreview"]
task_thumbnail = raised(tasks[0].get_thumbnail, target, "first.png", True)
preview = submitted.get_output(target, output=previews[0], overwrite=True)

mark("logs")
whole = submitted.get_logs(max_lines=1000)
paged, since = [], None
while True:
    page = submitted.get_logs(start=since, max_lines=3)
    if not page["messages"]:
        break
    paged.extend(page["messages"])
    since = page["upTo"]

page = jobs.get_jobs(0, 10, "old pict")
again = jobs.get_job(jobid=new["id"])

done(
    first=first,
    second=second,
    single=single,
    forced=forced,
    missing=missing,
    steps=steps,
    listed=listed,
    found=found,
    missing_by_api=[each["name"] for each in missing_by_api.result],
    one={"name": one.name, "last_modified": one.get_last_modified(), "truth": bool(cloud)},
    size=size,
    back=back.success,
    broken_download=broken_download,
    message=message,
    new=new,
    before=before,
    too_early=too_early,
    states=states,
    job=attributes(
        submitted,
        *("id", "name", "type", "status", "percentage", "number_tasks", "output_filename"),
        *("output_url", "thumb_url", "tasks_url", "pool_id"),
        *("time_submitted", "time_started", "time_completed"),
    ),
    tasks=[attributes(task, "id", "status", "completion_time", "outputs") for task in tasks],
    outputs=outputs,
    everything=everything,
    final=final,
    kept=kept,
    progress=progress,
    intermediate=intermediate,
    of_task=of_task,
    sheet=sheet,
    nameless=nameless,
    preview=preview,
    task_thumbnail=task_thumbnail,
    logs=whole,
    paged=paged,
    page=[each.id for each in page],
    count=len(jobs),
    again=again.status,
    cancel=again.cancel(),
    reprocess=again.reprocess(),
)
