"""
Filter and measure speed with ``movement``
==========================================

Hand the result to `movement <https://movement.neuroinformatics.dev>`_, a package for the analysis
of poses over time, and take it back. You get filtered joints and their speeds.
"""

import matplotlib.pyplot as plt
from movement.filtering import savgol_filter
from movement.kinematics import compute_speed

import ampose

# %%
# ``ampose`` filters by itself; here it is told not to. The dataset has the dimensions that
# ``movement`` works with.

result = ampose.lift_video("../balance_beam.npz", ampose.LiftOptions(camera_tilt=22, smooth="none"))
dataset = result.to_xarray()
print(dict(dataset.sizes), "over", ", ".join(dataset.data_vars))

# %%
# A filter over a third of a second (21 frames), then the speed of every joint. The origin is the
# middle of the hips, so these are speeds against the hips.

filtered = savgol_filter(dataset.position, window=21, polyorder=2)
speeds = {"as lifted": compute_speed(dataset.position), "filtered": compute_speed(filtered)}

figure, (over_time, highest) = plt.subplots(1, 2, figsize=(8, 3.9), width_ratios=(3, 2))
for (name, speed), colour in zip(speeds.items(), ("0.7", "#1a73b8"), strict=True):
    speed.sel(keypoints="right_wrist").squeeze().plot.line(ax=over_time, color=colour, label=name)
over_time.set(title="right wrist", xlabel="time (s)", ylabel="speed (m/s)", ylim=(0, None))
over_time.legend()
most = speeds["filtered"].max("time").squeeze().to_series().sort_values()
highest.barh([name.replace("_", " ") for name in most.index], most, color="#1a73b8")
highest.set(title="highest speed", xlabel="m/s")
highest.tick_params(axis="y", labelsize=8)
highest.grid(visible=False, axis="y")
plt.show()

# %%
# Back to a pose, which draws itself, and is written to any format.

pose = ampose.Pose3D.from_xarray(dataset.assign(position=filtered))
ampose.write_poses("filtered.trc", pose)
pose.plot(frames=[5, 30, 55, 80])
