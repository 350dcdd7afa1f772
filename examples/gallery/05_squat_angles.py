"""
Joint angles of a squat
=======================

Measure joint angles with one camera, and see how far to trust them. You get knee, hip and trunk
angles over time, held against the angles of a body whose truth is known.
"""

import matplotlib.pyplot as plt
import numpy as np
from moving_body import FPS, squat

import ampose
from ampose.poses.camera import Camera, Intrinsics

# sphinx_gallery_thumbnail_number = 2

# %%
# A goniometer at the knee has its axis on the knee joint, one arm along the thigh and one along the
# shank: it reads 0 degrees for a straight leg and grows as the knee bends. That is what
# ``knee_flexion`` is. Somebody squats twice, and their knee angle is known in each frame
# (``moving_body.py``, beside this script, makes the body of it).

time = np.arange(int(4 * FPS)) / FPS
knee = 55 - 50 * np.cos(2 * np.pi * time / 2)
body = squat(knee)

# %%
# A camera on a tripod looks at the body from a side: 3.5 m away, 1 m high, level. Its image is what
# a perfect 2D detector would see. Real ones are a few pixels off, so we add that.


def film(body: np.ndarray, degrees: float, noise_px: float = 3.0) -> np.ndarray:
    """Return the keypoints, (frame, joint, 2), from a direction: 0 from the front, 90 from the person's right."""
    turn = np.radians(degrees)
    forward = -np.array([np.sin(turn), np.cos(turn), 0.0])
    rotation = np.stack([np.cross(forward, [0, 0, 1]), [0, 0, -1], forward])  # right, down, away
    position = -3.5 * forward + [0, 0, 1.0]
    camera = Camera(intrinsics=Intrinsics.from_field_of_view((1920, 1080)), rotation=rotation, position=position)
    pixels = camera.project(camera.to_camera(body))
    return pixels + np.random.default_rng(0).normal(scale=noise_px, size=pixels.shape)


lifter = ampose.load_model("ampose-small")
how = {"image_size": (1920, 1080), "skeleton": "human36m_17", "fps": FPS}
poses = {degrees: lifter.lift(film(body, degrees), **how) for degrees in (0, 45, 90)}
poses[45].plot(frames=[0, 10, 15, 25])

# %%
# ``angles()`` is a DataFrame with a column for each angle. From the side the knee is within a few
# degrees of the truth. From the front, thigh and shank point at the camera, and their bend hardly
# shows in the image: film from the side what you want to measure.

figure, axes = plt.subplots(figsize=(7, 3.8))
axes.plot(time, knee, color="0.2", linewidth=4, alpha=0.35, label="truth")
for (degrees, pose), colour in zip(poses.items(), ("#e66a1a", "#6a3fb5", "#1a73b8"), strict=True):
    measured = pose.angles()["right_knee_flexion"]
    error = np.abs(measured - knee).mean()
    where = {0: "front", 45: "oblique", 90: "side"}[degrees]
    axes.plot(measured.index, measured, color=colour, linewidth=1.2, label=f"{where}: {error:.1f}° off on average")
axes.set(xlabel="time (s)", ylabel="right knee flexion (°)")
axes.legend(loc="upper right", ncols=2)
axes.set_ylim(-5, 160)
plt.show()

# %%
# All angles of the oblique view, drawn by one call.

poses[45].plot_angles(["knee_flexion", "hip_flexion", "trunk_lean"])
