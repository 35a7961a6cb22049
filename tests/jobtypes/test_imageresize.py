"""The job type ImageResize: its template and scripts, run with the OpenJD libraries."""

import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from openjd.model import DecodeValidationError, StepParameterSpaceIterator
from openjd_local import JOB_TYPES, PHOTOS, JobRun, plan, run
from pictures import AWKWARD_NAMES, PNG, encoded, picture, sizes_in
from PIL import Image

BUNDLE = JOB_TYPES / "ImageResize"
ORIENTATION, MAKER = 0x0112, 0x010F


def resize(folder: Path, files: dict[str, bytes], size: tuple[int, int] = (30, 30)) -> JobRun:
    width, height = size
    return run(BUNDLE, folder, files, {"width": str(width), "height": str(height)})


def results(done: JobRun) -> dict[str, tuple[int, int]]:
    return sizes_in(done.output / "resized.zip")


def frames(path: Path) -> Sequence[tuple[int, tuple[int, ...]]]:
    """Of each frame, how long it stays and the colour of its middle."""
    found = []
    with Image.open(path) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            image.load()
            middle = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
            assert isinstance(middle, tuple)
            found.append((int(image.info.get("duration", 0)), middle))
    return found


def test_the_photographs(tmp_path: Path) -> None:
    photos = {path.name: path.read_bytes() for path in sorted(PHOTOS.iterdir())}
    done = run(BUNDLE, tmp_path, photos)
    assert done.succeeded
    pictures = {name for name in photos if not name.endswith(".md")}
    assert len(pictures) == 12
    assert len(done.of("Resize")) == 12
    sizes = results(done)
    assert sizes.keys() == pictures
    assert sizes["chelsea.png"] == (500, 333)
    assert sizes["cell.png"] == (417, 500)
    assert all(max(size) == 500 for size in sizes.values())
    for name in pictures:
        with Image.open(done.output / f"{name}_thumbnail.png") as small:
            assert small.width <= 200
            assert small.height <= 150
    with Image.open(done.output / "contact_preview.jpg") as sheet:
        assert sheet.size == (4 * 172 + 12, 3 * 150 + 12)
    assert any("Left out" in line and "ORIGIN.md" in line for line in done.lines)
    assert all(task.progress == 100 for task in done.tasks)
    assert "openjd_status: Resizing astronaut.png" in done.lines


def test_same_stem_and_awkward_names_all_come_back(tmp_path: Path) -> None:
    files = dict.fromkeys(AWKWARD_NAMES, PNG)
    files["a.jpg"] = encoded(picture(), "JPEG")
    done = resize(tmp_path, files)
    assert done.succeeded, [task.message for task in done.tasks]
    assert results(done).keys() == files.keys()
    assert len([name for name in done.names() if name.endswith("_thumbnail.png")]) == len(files)
    assert not list(tmp_path.rglob("pwned"))


def test_results_are_not_taken_for_previews(tmp_path: Path) -> None:
    files = dict.fromkeys(
        ["x_preview.png", "x_Thumbnail.png", "x-preview.png", "x_preview.a.png"], PNG
    )
    done = resize(tmp_path, files)
    names = results(done).keys()
    assert len(names) == 4
    assert not [name for name in names if "_preview." in name or "_thumbnail." in name.lower()]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png(tmp_path: Path, mode: str) -> None:
    image = picture("I").point(lambda value: value * 200) if mode == "I;16" else picture()
    done = resize(tmp_path, {"x.png": encoded(image.convert(mode), "PNG")})
    assert done.succeeded, done.lines
    assert results(done) == {"x.png": (30, 15)}
    # A picture that goes from dark to light still does, in the result and in the small copy.
    for name in ("x.png", "x.png_thumbnail.png"):
        with Image.open(done.output / name) as image:
            low, high = image.convert("F").getextrema()
            assert isinstance(low, float)
            assert isinstance(high, float)
            assert high - low > 150


@pytest.mark.parametrize(
    ("name", "format_", "mode"),
    [
        ("x.jpg", "JPEG", "RGB"),
        ("x.jpeg", "JPEG", "CMYK"),
        ("x.JPG", "JPEG", "L"),
        ("x.gif", "GIF", "RGB"),
        ("x.bmp", "BMP", "RGB"),
        ("x.webp", "WEBP", "RGBA"),
        ("x.tif", "TIFF", "CMYK"),
        ("x.tif", "TIFF", "F"),
        ("x.tiff", "TIFF", "RGB"),
        ("x.ppm", "PPM", "RGB"),
        ("x.tga", "TGA", "RGB"),
        ("x.jp2", "JPEG2000", "RGB"),
    ],
)
def test_formats_are_kept(tmp_path: Path, name: str, format_: str, mode: str) -> None:
    done = resize(tmp_path, {name: encoded(picture(mode), format_)})
    assert done.succeeded, done.lines
    with Image.open(done.output / name) as image:
        assert (image.format, image.size) == (format_, (30, 15))


@pytest.mark.parametrize(
    ("name", "format_"), [("x.ico", "ICO"), ("x.pcx", "PCX"), ("x.dds", "DDS")]
)
def test_other_formats_become_png(tmp_path: Path, name: str, format_: str) -> None:
    done = resize(tmp_path, {name: encoded(picture(size=(64, 64)), format_)})
    assert done.succeeded, done.lines
    assert results(done) == {f"{name}.png": (30, 30)}


@pytest.mark.parametrize(
    ("name", "format_"), [("x.jpg", "JPEG"), ("x.png", "PNG"), ("x.webp", "WEBP")]
)
def test_turned_upright_with_its_other_exif_data(tmp_path: Path, name: str, format_: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[MAKER] = "Maker"
    done = resize(tmp_path, {name: encoded(picture(), format_, exif=exif)})
    with Image.open(done.output / name) as image:
        assert image.size == (15, 30)
        assert ORIENTATION not in image.getexif()
        assert image.getexif()[MAKER] == "Maker"


@pytest.mark.parametrize(
    ("name", "format_"), [("x.gif", "GIF"), ("x.webp", "WEBP"), ("x.png", "PNG")]
)
def test_animations_keep_their_frames_and_timing(tmp_path: Path, name: str, format_: str) -> None:
    first, *others = (Image.new("RGB", (60, 40), colour) for colour in ("red", "lime", "blue"))
    times = [100, 200, 300]
    data = encoded(first, format_, save_all=True, append_images=others, duration=times, loop=0)
    done = resize(tmp_path, {name: data}, (120, 90))
    assert done.succeeded, done.lines
    with Image.open(done.output / name) as image:
        assert image.size == (120, 80)
        assert image.info["loop"] == 0
    found = frames(done.output / name)
    assert [time for time, _ in found] == times
    assert [max(range(3), key=colour.__getitem__) for _, colour in found] == [0, 1, 2]
    assert any("3 frames" in line for line in done.lines)


def test_extreme_proportions(tmp_path: Path) -> None:
    files = {
        "line.png": encoded(picture(size=(3000, 1)), "PNG"),
        "dot.png": encoded(picture(size=(1, 1)), "PNG"),
    }
    assert results(resize(tmp_path, files)) == {"line.png": (30, 1), "dot.png": (30, 30)}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "bad.png is empty. Upload it again, or leave it out of the job."),
        (b"just text", "bad.png is not an image"),
        (PNG[:80], "bad.png cannot be resized; the file may be damaged"),
    ],
    ids=["empty", "text", "cut"],
)
def test_a_bad_image_fails_its_own_task_alone(tmp_path: Path, content: bytes, reason: str) -> None:
    done = resize(tmp_path, {"a.png": PNG, "bad.png": content, "c.png": PNG})
    assert [task.succeeded for task in done.tasks] == [True, False, True]
    assert (done.tasks[1].message or "").startswith(reason)
    assert not [name for name in done.names() if name.startswith("bad")]


@pytest.mark.parametrize("files", [[], ["notes.txt", "png"]])
def test_without_an_image_there_is_no_job(tmp_path: Path, files: list[str]) -> None:
    with pytest.raises(DecodeValidationError, match="None of the files of the job is an image"):
        plan(BUNDLE, tmp_path, tmp_path, files, {})


@pytest.mark.parametrize("width", ["0", "-1", "many", "16385", "1.5"])
def test_a_bad_width_is_refused_by_name(tmp_path: Path, width: str) -> None:
    with pytest.raises((DecodeValidationError, ValueError), match="width"):
        plan(BUNDLE, tmp_path, tmp_path, ["a.png"], {"width": width})


def test_ten_thousand_images_are_as_many_tasks(tmp_path: Path) -> None:
    files = [f"{number}.{'txt' if number % 5 == 0 else 'png'}" for number in range(12_500)]
    made, _ = plan(BUNDLE, tmp_path, tmp_path, files, {})
    space = StepParameterSpaceIterator(space=made.job.steps[0].parameterSpace)
    assert len(space) == 10_000


def test_the_contact_sheet_of_very_many_images_stays_small(tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    for number in range(300):
        (output / f"{number:03}.png").write_bytes(PNG)
    script = BUNDLE / "scripts" / "merge_images.py"
    command = [sys.executable, str(script), f"--output={output}"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "The contact sheet shows 120 of the 300 images." in said
    with Image.open(output / "contact_preview.jpg") as sheet:
        assert max(sheet.size) < 2500
    with zipfile.ZipFile(output / "resized.zip") as archive:
        assert len(archive.namelist()) == 300
