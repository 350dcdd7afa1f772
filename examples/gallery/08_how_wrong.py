"""
How wrong can one camera be?
============================

Hold the error that the lifter expects against the error that it makes, and look at its worst poses.
You get to know from which directions one camera is enough, and how far to trust the expected error.
"""

import matplotlib.pyplot as plt
import numpy as np
from moving_body import squats

import ampose
from ampose.data.synthesis.virtual_cameras import VirtualCameraConfig
from ampose.evaluation import Protocol, VirtualCameras, hold_out
from ampose.lifting.prediction import predict_samples

# %%
# Squats whose truth is known, filmed by three cameras a frame that stand anywhere around. Keypoints
# are perfect here, so that what is left is the error of depth itself.

lifter = ampose.load_model("ampose-small")
joints = lifter.skeleton.index
cameras = VirtualCameraConfig(roll_degrees=(0, 0), distance_m=(3, 6))
source = VirtualCameras(cameras_per_frame=3, cameras=cameras)
protocol = Protocol(name="squats", description="Squats by formulas.", subjects=("formula",), source=source)
samples = hold_out(squats(), protocol).samples
answer = predict_samples(lifter.network, samples, flip=True)

true = samples.positions[:, 0].numpy()
true -= true[:, [joints("hip")]]  # (sample, joint, xyz), metres from the hips in camera axes
lifted, expected = answer.positions.numpy(), answer.expected_error.numpy()
errors = np.linalg.norm(lifted - true, axis=2)

# %%
# From where does each camera see the body? The line between the hips is in the image plane from the
# front and from behind (0 degrees), and points along the view from a side (90 degrees).

across = true[:, joints("left_hip")] - true[:, joints("right_hip")]
direction = np.degrees(np.arcsin(np.abs(across[:, 2]) / np.linalg.norm(across, axis=1)))
sectors = [(direction >= low) & (direction < low + 15) for low in range(0, 90, 15)]

# %%
# Left: from the side, joints are a few centimetres off, from the front far more, because there a squat happens
# in depth. The expected error does not know these directions apart. Right: it does tell the joints
# apart, in ten groups by their expected error. On the dotted line it would be right on average.

figure, (by_direction, by_expectation) = plt.subplots(1, 2, figsize=(8, 3.7))
middles = [7.5 + 15 * number for number in range(6)]
by_direction.plot(middles, [100 * errors[sector].mean() for sector in sectors], "o-", color="#e66a1a", label="true")
by_direction.plot(
    middles, [100 * expected[sector].mean() for sector in sectors], "o-", color="#1a73b8", label="expected"
)
by_direction.set(xlabel="from the front (0°) to the side (90°)", ylabel="mean joint error (cm)", ylim=(0, None))
by_direction.legend(loc="lower left")

forecast, made = 100 * expected.ravel(), 100 * errors.ravel()
groups = np.array_split(np.argsort(forecast), 10)
middles = [forecast[group].mean() for group in groups]
low, high = np.array([np.percentile(made[group], [25, 75]) for group in groups]).T
by_expectation.fill_between(middles, low, high, color="0.88", label="middle half")
by_expectation.plot(middles, [made[group].mean() for group in groups], "o-", color="#e66a1a", label="mean")
by_expectation.axline((0, 0), slope=1, color="0.3", linestyle=":")
by_expectation.set(xlabel="expected error (cm)", ylabel="true error (cm)", xlim=(0, None), ylim=(0, None))
by_expectation.legend(loc="upper left")
plt.show()

# %%
# The worst pose from three directions: as the camera sees it, where lift and truth coincide, and from
# the camera's right, where they do not. A trunk or an arm that points at the camera may lean forward
# or backward: the image is nearly the same.

figure, rows = plt.subplots(2, 3, figsize=(8, 5), sharey="row", layout="constrained")
for (above, below), sector, title in zip(rows.T, sectors[::2], ("front or back", "oblique", "side"), strict=True):
    worst = np.flatnonzero(sector)[errors[sector].mean(axis=1).argmax()]
    for axes, horizontal in ((above, 0), (below, 2)):
        for body, colour, name in ((true, "0.75", "truth"), (lifted, "#e66a1a", "lifted")):
            for number, bone in enumerate(lifter.skeleton.bone_indices):
                ends = body[worst, bone]
                label = name if number == 0 else None
                axes.plot(
                    ends[:, horizontal], -ends[:, 1], color=colour, linewidth=3, solid_capstyle="round", label=label
                )
        axes.set(aspect="equal", xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    above.set_title(f"{title}: {100 * errors[worst].mean():.0f} cm off", fontsize=10)
rows[0, 0].set_ylabel("as the camera sees it")
rows[1, 0].set_ylabel("from the camera's right")
figure.legend(*rows[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()
