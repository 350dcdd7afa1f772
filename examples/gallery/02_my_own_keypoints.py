"""
My own keypoints
================

Lift keypoints that you already have, from any 2D detector, without a video. You get the 3D pose of
every frame, with a guess for joints that the detector missed.
"""

import matplotlib.pyplot as plt
import numpy as np

import ampose
from ampose.poses.camera import Intrinsics
from ampose.poses.skeletons import get_skeleton
from ampose.processing.ground import upright

# %%
# An array of (frame, joint, 3) is all that it takes: x and y in pixels, and the confidence. Here
# the joints are COCO's 17, taken from the keypoints of the example clip; yours may come from a file
# of any detector that :func:`ampose.read_keypoints` knows.

(person,) = ampose.read_poses("../balance_beam.npz")
seen = person.pose2d
columns = [seen.skeleton.index(name) for name in get_skeleton("coco_17").joints]
keypoints = np.concatenate([seen.keypoints, seen.confidence[..., None]], axis=2)[:, columns]
print(keypoints.shape, "in an image of", seen.image_size)

# %%
# Suppose that the detector lost the right arm for the second half of the clip: a confidence of 0
# says so.

lost = keypoints.copy()
arm = [get_skeleton("coco_17").index(name) for name in ("right_elbow", "right_wrist")]
lost[50:, arm, 2] = 0

# %%
# Say which skeleton it is, how large the images are and, if you know it, what the camera sees (59
# degrees across the longer side of the image). Without a frame rate the frames would be single
# images.

lifter = ampose.load_model("ampose-small")
how = {"skeleton": "coco_17", "image_size": (720, 1280), "fps": 60}
camera = Intrinsics.from_field_of_view((720, 1280), 59)
full = lifter.lift(keypoints, intrinsics=camera, **how)
inferred = lifter.lift(lost, intrinsics=camera, **how)
print(inferred)
upright(inferred, camera_tilt=22).plot(frames=[10, 35, 60, 85])

# %%
# The lifter infers the missing arm from the rest of the body (drawn pale), and its expected error
# doubles. How wrong a guess can be shows here: the man raised this arm, and nothing else in the
# frame tells so.

wrist = inferred.skeleton.index("right_wrist")
apart = 100 * np.linalg.norm(full.joint("right_wrist") - inferred.joint("right_wrist"), axis=1)
figure, axes = plt.subplots()
axes.axvspan(full.seconds[50], full.seconds[-1], color="0.93", label="right arm not detected")
axes.plot(full.seconds, 100 * inferred.expected_error[:, wrist], color="#1a73b8", label="expected error")
axes.plot(full.seconds, apart, color="#e66a1a", label="distance to the lift with all keypoints")
axes.set(xlabel="time (s)", ylabel="right wrist (cm)", ylim=(0, None))
axes.legend(loc="upper left")
plt.show()
