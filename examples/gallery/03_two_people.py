"""
Two people
==========

Lift everybody in a video, and tell them apart over time. You get a person with an id, keypoints and
a pose for each.
"""

import numpy as np

import ampose
from ampose.media import open_media
from ampose.media.video_writer import writing_video

# %%
# There is one clip with one man here, so the second person is his mirror image, a third of a second
# behind him: 60 frames of the two side by side make a video of two.

frames = list(open_media("../balance_beam.mp4"))[:80]
with writing_video("two_people.mp4", image_size=(1440, 1280), fps=60) as video:
    for now, before in zip(frames[20:], frames[:60], strict=True):
        video.write(np.concatenate([now, before[:, ::-1]], axis=1))

# %%
# The options are the same as for one person. ``people`` says how many to follow, where you know it.

result = ampose.lift_video("two_people.mp4", ampose.LiftOptions(people=2, camera_tilt=22))
result.overview()

# %%
# One table holds everybody, a row for each joint of each frame.

table = result.to_dataframe()
table.groupby("person")[["confidence", "expected_error"]].mean().round(3)

# %%
# His mirror image does with the left hand what he did with the right a third of a second before:
# after turning one of the two around, how far apart are the poses?

on_the_left, on_the_right = sorted(result.people, key=lambda person: np.nanmean(person.pose2d.keypoints[..., 0]))
before, after = on_the_left.pose3d.positions[:-20], on_the_right.pose3d.positions[20:]
mirrored = after[:, on_the_right.pose3d.skeleton.flip_order] * [-1, 1, 1]
print(f"{1000 * np.linalg.norm(before - mirrored, axis=2).mean():.0f} mm apart on average")
