"""Scenes for Blender."""

import subprocess

import pytest
from openjd_local import PHOTOS
from programs import BLENDER

# A turning cube, with a texture from the artist's own machine.
MAKE_SCENE = """
import sys
import bpy
target, photo = sys.argv[sys.argv.index("--") + 1:]
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples = 2
scene.cycles.use_denoising = False
scene.render.resolution_x, scene.render.resolution_y = 320, 180
scene.render.resolution_percentage = 100
cube = bpy.data.objects["Cube"]
for frame, angle in (1, 0.0), (10, 1.5):
    cube.rotation_euler[2] = angle
    cube.keyframe_insert("rotation_euler", frame=frame)
nodes = bpy.data.materials["Material"].node_tree
texture = nodes.nodes.new("ShaderNodeTexImage")
texture.image = bpy.data.images.load(photo)
glow = nodes.nodes.new("ShaderNodeEmission")
nodes.links.new(texture.outputs[0], glow.inputs[0])
nodes.links.new(glow.outputs[0], nodes.nodes["Material Output"].inputs["Surface"])
texture.image.filepath = "C:\\\\art\\\\textures\\\\" + photo.rpartition("/")[2]
script = bpy.data.texts.new("autorun.py")
script.use_module = True
script.write("print('the script in the scene ran')")
bpy.ops.wm.save_as_mainfile(filepath=target, relative_remap=False)
bpy.data.objects.remove(bpy.data.objects["Camera"])
bpy.ops.wm.save_as_mainfile(filepath=target.replace("cube", "blind"), relative_remap=False)
"""


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Scenes by name: ``cube.blend``, and ``blind.blend`` without a camera."""
    folder = tmp_path_factory.mktemp("scenes")
    (folder / "make.py").write_text(MAKE_SCENE)
    command = [str(BLENDER), "--background", "--factory-startup", "--python-exit-code", "1"]
    command += ["--python", str(folder / "make.py"), "--"]
    subprocess.run(
        [*command, str(folder / "cube.blend"), str(PHOTOS / "chelsea.png")], check=True, timeout=120
    )
    return {path.name: path.read_bytes() for path in folder.glob("*.blend")}
