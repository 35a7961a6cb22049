"""Run by Blender: writes a small PNG of an image. Arguments after ``--``: source and target."""

import sys

import bpy  # type: ignore[import-not-found]

WIDTH, HEIGHT = 200, 150


def shrink(source: str, target: str) -> None:
    image = bpy.data.images.load(source)
    width, height = image.size
    scale = min(WIDTH / width, HEIGHT / height, 1)
    image.scale(max(1, int(width * scale)), max(1, int(height * scale)))
    scene = bpy.context.scene
    scene.render.image_settings.file_format = "PNG"
    image.save_render(target, scene=scene)


shrink(*sys.argv[sys.argv.index("--") + 1 :])
