"""
From video to Blender
=====================

Take a lifted clip to Blender, on a floor and in metres. You get a BVH file and a GLB file, with an
armature that moves through the room.
"""

import matplotlib.pyplot as plt

import ampose

# %%
# A lifted pose stays where its hips are. With the person's height and the camera's tilt it gets a
# place in the room and a floor below. A file that ``ampose lift`` wrote holds the keypoints too, so
# they are lifted again without looking for people.

room = ampose.LiftOptions(height=1.80, ground="tilt", camera_tilt=22, field_of_view=59, constant_bones=True)
result = ampose.lift_video("../balance_beam.npz", room)
pose = result.people[0].pose3d
print(pose.frame_of_reference)

# %%
# What will move in Blender: the body on its floor, as the camera sees it, once every third of a
# second. The bodies are drawn a metre apart.

colours = {"left": "#e66a1a", "right": "#1a73b8", "middle": "0.3"}
x, height = pose.positions[..., 0], -pose.positions[..., 1]
figure, axes = plt.subplots(figsize=(8, 2.9))
for place, frame in enumerate(range(0, len(pose), 20)):
    for bone in pose.skeleton.bone_indices:
        side = pose.skeleton.side_of(pose.skeleton.joints[bone[1]])
        axes.plot(place + x[frame, bone], height[frame, bone], color=colours[side], linewidth=4, solid_capstyle="round")
    axes.annotate(f"{pose.seconds[frame]:.1f} s", (place + x[frame, 0], -0.16), ha="center", annotation_clip=False)
axes.axhline(0, color="0.7", zorder=0)
axes.set(aspect="equal", xticks=[], ylabel="height (m)")
axes.spines["bottom"].set_visible(False)
plt.show()

# %%
# Write both files.

ampose.write_poses("clip.bvh", result.people)
ampose.write_poses("clip.glb", result.people)

# %%
# In Blender:
#
# - ``clip.bvh``: *File > Import > Motion Capture (.bvh)*, tick *Update Scene FPS*, then press the space bar.
# - ``clip.glb``: *File > Import > glTF 2.0*. The armature wears a simple figure: left orange, right blue.
#
# Both come in metres, upright and in Blender's axes. The armature can be retargeted to a character
# from there.
