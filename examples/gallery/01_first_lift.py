"""
First lift
==========

Lift the person in a video to 3D, look at the result and save it. You get one pose per frame in
metres, with a figure of the video frames above the lifted poses and an interactive 3D view.
"""

import ampose

# The camera of this clip looks down by 22 degrees; leave that out for a level camera.
result = ampose.lift_video("../balance_beam.mp4", ampose.LiftOptions(camera_tilt=22))
result.overview()

# %%
# Each person has keypoints in pixels and a pose in metres. A joint is an array over time; x points
# right, y down and z away from the camera, from the middle of the hips.

person = result.people[0]
pose = person.pose3d
wrist = pose.skeleton.index("right_wrist")
print("right wrist in the first frame:", pose.positions[0, wrist].round(2), "m")
print(f"expected error: {1000 * pose.expected_error[0, wrist]:.0f} mm")

# %%
# In a notebook the result shows itself in motion: drag to turn the figure, press play.

result

# %%
# Save it for later, or for other programs: the suffix decides the format.

ampose.write_poses("balance_beam.json", result.people)
