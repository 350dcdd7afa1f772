"""
Train a lifter in a plain loop
==============================

Train a network in a loop of your own, without our trainer: the data is a PyTorch ``Dataset``. You
get a lifter from the 100 poses of one clip in half a minute, with its loss curve.
"""

import matplotlib.pyplot as plt
import torch
from moving_body import recording, squats
from torch.utils.data import DataLoader

import ampose
from ampose.data.synthesis.pose_augmentation import AugmentationConfig
from ampose.evaluation import Protocol, hold_out
from ampose.models.normalisation import normalise, to_network_axes
from ampose.poses.camera import Intrinsics
from ampose.poses.geometry import root_relative
from ampose.processing.ground import upright
from ampose.training.config import DataConfig
from ampose.training.torch_datasets import SyntheticViews

# %%
# The poses to learn from: those of the example clip, turned to stand with z up. The data engine
# makes other bodies, limbs and cameras of them, so that 100 poses become as many as you like.
# Nobody in them squats as the body does on which we measure.

(person,) = ampose.read_poses("../balance_beam.npz")
level = upright(person.pose3d).positions[..., [0, 2, 1]] * [1, 1, -1]  # x right, y away, z up
variety = AugmentationConfig(turn=0.25, free_arms=0.5, free_legs=0.4, free_trunk=0.3)
views = SyntheticViews(
    recording({"balance": level.astype("float32")}, subject="beam"),
    DataConfig(samples_per_epoch=12_800, augmentation=variety),
)
held_out = hold_out(squats(), Protocol(name="squats", description="Squats.", subjects=("formula",), frame_stride=4))

# %%
# The network: any of ``ampose.list_models()``, or a module of your own. Its config names the way in
# which pixels become its input.

torch.manual_seed(0)
network = ampose.create_model("simple-baseline", normalisation="person-rays-scaled", channels=384, dropout=0.0)
root = network.skeleton.root_index


def error_mm(lifter: ampose.Lifter) -> float:
    """Return the mean error over the joints of the squats."""
    truth = root_relative(held_out.samples.positions, root)[:, 0]
    return 1000 * float((lifter.predict_samples(held_out.samples) - truth).norm(dim=-1).mean())


# %%
# The loop. A batch is a dictionary of tensors: keypoints in pixels, positions in metres in camera
# axes, and the camera.

epochs, loader = 8, DataLoader(views, batch_size=256)
optimiser = torch.optim.AdamW(network.parameters())
schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=3e-3, total_steps=epochs * len(loader))
losses, errors = [], []
for epoch in range(epochs):
    views.set_epoch(epoch)  # draws everything again
    network.train()
    for batch in loader:
        camera = Intrinsics(focal=batch["focal_px"], centre=batch["centre_px"], image_size=batch["image_size"])
        seen = normalise(network.config.normalisation, batch["keypoints_px"], camera, root)
        target = to_network_axes(root_relative(batch["positions"], root), seen.rotation)
        loss = (network(seen.keypoints) - target).norm(dim=-1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(1000 * loss.item())
    errors.append(error_mm(ampose.Lifter(network, name="mine")))

# %%
# The curves. The bundled weights, trained on the CMU database for hours, show how far there is to
# go.

figure, axes = plt.subplots()
axes.plot(losses, color="0.7", label="training loss")
axes.plot(len(loader) * torch.arange(1, epochs + 1), errors, "o-", color="#e66a1a", label="error on squats")
axes.axhline(
    error_mm(ampose.load_model("ampose-small")), color="#1a73b8", linestyle="--", label="ampose-small on squats"
)
axes.set(xlabel="step", ylabel="mean joint error (mm)", ylim=(0, 800))
axes.legend()
plt.show()
