"""Runs inside Blender: imports a .bvh or .glb file, writes where its joints are, and renders a frame.

    blender --background --factory-startup --python blender_import.py -- clip.bvh places.json 60 [frame.png]

The number is the scene's frames a second, at which Blender puts the seconds of a .glb file on its frames.

The places are {"fps": ..., "frames": {number: {joint: [x, y, z]}}} in Blender's world: metres, Z up. The picture is of
the frame in the middle of the clip.
"""

import json
import sys
from pathlib import Path

SAMPLES = 24
COLOURS = {"left": (0.05, 0.25, 0.8, 1), "right": (0.8, 0.12, 0.08, 1), "middle": (0.3, 0.3, 0.33, 1)}


def mend_importers() -> None:
    """Debian's Blender 3.4 runs on a newer Python and NumPy than its importers: "rU" and numpy.bool are gone there."""
    import builtins

    import numpy as np

    if "bool" not in vars(np):
        np.bool = bool
    plain_open = builtins.open
    builtins.open = lambda name, mode="r", *more, **named: plain_open(name, mode.replace("U", ""), *more, **named)


def load(path: str, rate: int):
    """Import as a user does, with the importer's own settings but for Update Scene FPS; returns the armature."""
    import bpy

    bpy.ops.object.select_all(action="SELECT")
    bpy.ops.object.delete()
    bpy.context.scene.render.fps = rate
    if path.endswith(".bvh"):
        bpy.ops.import_anim.bvh(filepath=path, update_scene_fps=True, update_scene_duration=True)
    else:
        bpy.ops.import_scene.gltf(filepath=path)
    return next(thing for thing in bpy.data.objects if thing.type == "ARMATURE")


def places(armature) -> dict:
    """Where the bones begin, in every tenth frame and the last."""
    import bpy

    scene, found = bpy.context.scene, {}
    first, last = (round(edge) for edge in armature.animation_data.action.frame_range)
    for frame in sorted({*range(first, last + 1, 10), last}):
        scene.frame_set(frame)
        bones = armature.pose.bones
        found[frame - first] = {bone.name: list(armature.matrix_world @ bone.head) for bone in bones}
    rate = scene.render.fps / scene.render.fps_base
    return {"fps": rate, "last": last - first, "frames": found}


def render(armature, path: str) -> None:
    """Render the frame in the middle, seen from before and a little from above."""
    import bpy
    from mathutils import Vector

    scene = bpy.context.scene
    first, last = armature.animation_data.action.frame_range
    scene.frame_set(int((first + last) / 2))
    if not any(thing.type == "MESH" for thing in scene.objects):
        dress(armature)
    heads = [armature.matrix_world @ bone.head for bone in armature.pose.bones]
    centre = sum(heads, Vector()) / len(heads)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.location = centre + Vector((1.2, -3.6, 0.7))
    camera.rotation_euler = (centre - camera.location).to_track_quat("-Z", "Y").to_euler()
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    sun.data.energy, sun.rotation_euler = 3.0, (0.7, 0.3, 0.4)
    for thing in (camera, sun):
        scene.collection.objects.link(thing)
    scene.camera = camera
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs[0].default_value = (0.85, 0.88, 0.92, 1)
    scene.render.engine, scene.cycles.samples, scene.cycles.device = "CYCLES", SAMPLES, "CPU"
    scene.cycles.use_denoising = False
    scene.render.resolution_x = scene.render.resolution_y = 480
    scene.render.filepath = path
    bpy.ops.render.render(write_still=True)


def dress(armature) -> None:
    """Put a stick between each bone's ends: bones alone are not rendered."""
    import bpy

    for bone in armature.pose.bones:
        start, end = (armature.matrix_world @ point for point in (bone.head, bone.tail))
        if (end - start).length < 1e-4:
            continue
        bpy.ops.mesh.primitive_cone_add(radius1=0.03, radius2=0.015, depth=(end - start).length, vertices=12)
        stick = bpy.context.object
        stick.location, stick.rotation_euler = (start + end) / 2, (end - start).to_track_quat("Z", "Y").to_euler()
        side = next((side for side in ("left", "right") if bone.name.startswith(side)), "middle")
        material = bpy.data.materials.new(side)
        material.use_nodes = True
        material.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = COLOURS[side]
        stick.data.materials.append(material)


if __name__ == "__main__":
    clip, output, rate, *picture = sys.argv[sys.argv.index("--") + 1 :]
    mend_importers()
    figure = load(clip, int(rate))
    Path(output).write_text(json.dumps(places(figure)))
    if picture:
        render(figure, picture[0])
