"""The job type ImageMagick, with the real program; without it these tests say so."""

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from openjd.model import DecodeValidationError
from openjd_local import JOB_TYPES, PHOTOS, JobRun, plan, run
from pictures import AWKWARD_NAMES, PNG, encoded, picture, sizes_in
from PIL import Image
from programs import needs_imagemagick

BUNDLE = JOB_TYPES / "ImageMagick"


def convert(folder: Path, files: dict[str, bytes], size: tuple[int, int] = (30, 30)) -> JobRun:
    width, height = size
    return run(BUNDLE, folder, files, {"width": str(width), "height": str(height)})


@needs_imagemagick
def test_the_photographs(tmp_path: Path) -> None:
    photos = {path.name: path.read_bytes() for path in sorted(PHOTOS.iterdir())}
    done = run(BUNDLE, tmp_path, photos)
    assert done.succeeded
    pictures = {name for name in photos if not name.endswith(".md")}
    assert len(done.of("Convert")) == len(pictures) == 12
    sizes = sizes_in(done.output / "images.zip")
    assert sizes.keys() == pictures
    assert sizes["chelsea.png"] == (500, 333)
    assert all(max(size) == 500 for size in sizes.values())
    for name in pictures:
        with Image.open(done.output / f"{name}_thumbnail.png") as small:
            assert small.width <= 200
            assert small.height <= 150
    with Image.open(done.output / "contact_preview.jpg") as sheet:
        assert sheet.size == (4 * 210, 3 * 160)
    assert any("Left out" in line and "ORIGIN.md" in line for line in done.lines)
    assert all(task.progress == 100 for task in done.tasks)


@needs_imagemagick
def test_no_name_is_an_instruction_to_the_program(tmp_path: Path) -> None:
    names = [*AWKWARD_NAMES, "msl:x.png", "png:y.jpg", "x.png[0]", "a%03d.png", "text:z.gif"]
    done = convert(tmp_path, dict.fromkeys(names, PNG))
    assert done.succeeded, [task.message for task in done.tasks]
    names.remove("x.png[0]")  # that suffix is no image's
    # The formats of contents count, and names stay.
    assert sizes_in(done.output / "images.zip").keys() == set(names)
    assert any("Left out" in line and "x.png[0]" in line for line in done.lines)


@needs_imagemagick
@pytest.mark.parametrize(
    ("name", "format_", "mode"),
    [
        ("x.jpg", "JPEG", "RGB"),
        ("x.JPEG", "JPEG", "CMYK"),
        ("x.gif", "GIF", "RGB"),
        ("x.bmp", "BMP", "RGB"),
        ("x.webp", "WEBP", "RGBA"),
        ("x.tif", "TIFF", "CMYK"),
        ("x.ppm", "PPM", "RGB"),
        ("x.tga", "TGA", "RGB"),
        ("x.pcx", "PCX", "RGB"),
        ("x.sgi", "SGI", "RGB"),
        ("x.jp2", "JPEG2000", "RGB"),
        ("wrong.png", "JPEG", "RGB"),
    ],
)
def test_formats_are_kept(tmp_path: Path, name: str, format_: str, mode: str) -> None:
    done = convert(tmp_path, {name: encoded(picture(mode), format_)})
    assert done.succeeded, done.lines
    with Image.open(done.output / name) as image:
        assert (image.format, image.size) == (format_, (30, 15))


@needs_imagemagick
def test_frames_and_pages_are_kept(tmp_path: Path) -> None:
    first, *others = (Image.new("RGB", (60, 40), colour) for colour in ("red", "lime", "blue"))
    files = {
        name: encoded(first, format_, save_all=True, append_images=others)
        for name, format_ in [("x.gif", "GIF"), ("x.webp", "WEBP"), ("x.tiff", "TIFF")]
    }
    done = convert(tmp_path, files, (120, 90))
    assert done.succeeded, done.lines
    for name in files:
        with Image.open(done.output / name) as image:
            assert (image.size, getattr(image, "n_frames", 1)) == ((120, 80), 3)


@needs_imagemagick
def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    done = convert(tmp_path, {"x.jpg": encoded(picture(), "JPEG", exif=exif)})
    with Image.open(done.output / "x.jpg") as image:
        assert image.size == (15, 30)
        assert image.getexif().get(0x0112, 1) == 1


@needs_imagemagick
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("bad.png", b"", "bad.png is empty. Upload it again, or leave it out of the job."),
        ("bad.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "bad.png is not an image"),
        ("bad.jpg", b"push graphic-context\nimage over 0,0 0,0 'x'", "bad.jpg is not an image"),
        ("bad.png", PNG[:80], "bad.png cannot be resized: the file is damaged"),
        ("bad.jpg", encoded(picture(), "JPEG")[:700], "bad.jpg cannot be resized: Premature end"),
    ],
    ids=["empty", "svg", "mvg", "cut png", "cut jpeg"],
)
def test_a_bad_image_fails_its_own_task_alone(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    done = convert(tmp_path, {"a.png": PNG, name: content, "c.png": PNG})
    assert [task.succeeded for task in done.tasks] == [True, False, True]
    assert (done.tasks[1].message or "").startswith(reason)
    assert not [one for one in done.names() if one.startswith("bad")]


def test_without_the_program_the_task_says_so(tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(PNG)
    # Bears the name, but is another program.
    fake = tmp_path / "bin" / "convert"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho 'convert: turns disks'\n")
    fake.chmod(0o755)
    script = BUNDLE / "scripts" / "convert_image.py"
    command = [sys.executable, str(script), "--width=9", "--height=9", f"--output={tmp_path}"]
    done = subprocess.run(
        [*command, "--", str(source)],
        env={**os.environ, "PATH": str(fake.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "openjd_fail: ImageMagick is not installed where this task ran" in done.stdout


def test_without_an_image_there_is_no_job(tmp_path: Path) -> None:
    with pytest.raises(DecodeValidationError, match="None of the files of the job is an image"):
        plan(BUNDLE, tmp_path, tmp_path, ["notes.txt"], {})


@needs_imagemagick
def test_the_sheet_does_without_the_small_pictures(tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    for number in range(70):
        (output / f"{number:02}.png").write_bytes(PNG)
    script = BUNDLE / "scripts" / "merge_converted.py"
    command = [sys.executable, str(script), f"--output={output}"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "The contact sheet shows 60 of the 70 images." in said
    with Image.open(io.BytesIO((output / "contact_preview.jpg").read_bytes())) as sheet:
        assert sheet.size == (8 * 210, 8 * 160)
    with zipfile.ZipFile(output / "images.zip") as archive:
        assert len(archive.namelist()) == 70
