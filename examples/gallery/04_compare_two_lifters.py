"""
Compare two lifters on your own motion
======================================

Measure lifters where it matters to you: on your own recorded motion, seen by cameras like yours.
You get a report for each, with every setting that bears on its numbers, and a chart.
"""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from moving_body import recording, squats

import ampose
from ampose.data.synthesis.detector_noise import NoiseConfig
from ampose.evaluation import Protocol, VirtualCameras, fit_baselines, hold_out, measure, method_of
from ampose.processing.ground import upright

# %%
# Your own motion is a :class:`~ampose.data.MotionCapture`: joints in metres, with z up. Here it is
# a body that squats by formulas, so that the truth is beyond doubt.

motion = squats(seconds=4)

# %%
# A protocol states what is measured: whom virtual cameras film, from where, and how good the 2D
# keypoints are. The second one has the errors of a 2D detector.

clean = Protocol(name="squats", description="Squats by formulas.", subjects=("formula",), frame_stride=2)
noisy = replace(clean, name="squats, noisy", source=VirtualCameras(noise=NoiseConfig(largest=0.03, outliers=0.05)))

# %%
# The contestants: the bundled lifter, and the nearest neighbour, which answers with the pose whose
# image is most alike among those that it knows. It knows those of the example clip, turned to stand
# with z up, each filmed by twenty cameras.

(person,) = ampose.read_poses("../balance_beam.npz")
level = upright(person.pose3d).positions[..., [0, 2, 1]] * [1, 1, -1]  # x right, y away, z up
balancing = recording({f"balance {take}": level.astype(np.float32) for take in range(20)}, subject="beam")
lifter = method_of(ampose.load_model("ampose-small"))
_, nearest = fit_baselines(balancing, clean)

reports = {
    (label, protocol.name): measure(method, hold_out(motion, protocol), [protocol])[0]
    for label, method in {"ampose-small": lifter, "nearest neighbour": nearest}.items()
    for protocol in (clean, noisy)
}
print(reports["ampose-small", "squats"].as_text())

# %%
# The neighbour knows one man who balances, and is shown squats: a baseline tells how hard your motion
# is.

figure, axes = plt.subplots()
for place, (label, colour) in enumerate({"ampose-small": "#1a73b8", "nearest neighbour": "#9aa0a6"}.items()):
    errors = [reports[label, name].all_frames.values["mpjpe"] for name in ("squats", "squats, noisy")]
    bars = axes.bar(np.arange(2) + 0.38 * (place - 0.5), errors, width=0.36, color=colour, label=label)
    axes.bar_label(bars, fmt="%.0f", padding=2)
axes.set(xticks=[0, 1], ylabel="MPJPE (mm)")
axes.set_xticklabels(["perfect 2D", "2D with a detector's errors"])
axes.grid(visible=False, axis="x")
axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.02), ncols=2)
plt.show()

# %%
# What the numbers are numbers of is part of each report.

print(reports["nearest neighbour", "squats, noisy"].statement())
