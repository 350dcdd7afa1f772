"""What networks answer in: LCN's image plane by hand, there and back, and through training to a labelled figure."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests import recordings_stand_in as stand_in

from ampose.cli import main
from ampose.errors import InputError
from ampose.lifting.lifter import load_model
from ampose.lifting.prediction import predict, predict_samples
from ampose.models import LifterNetwork
from ampose.models.output_space import decode, encode
from ampose.models.zoo import make_config
from ampose.poses.camera import Intrinsics
from ampose.poses.geometry import root_relative
from ampose.poses.samples import Samples
from ampose.poses.skeletons import get_skeleton
from ampose.training.recipe import read_recipe
from ampose.training.session import train

ROOT = get_skeleton("human36m_17").root_index


def made_up(generator, count=6):
    """People 2 to 8 m away, anywhere before cameras of many kinds."""
    place = torch.rand(count, 1, 3, generator=generator) * torch.tensor([2.0, 1.0, 6.0]) + torch.tensor([-1, -0.5, 2.0])
    size = 500 + 1500 * torch.rand(count, 2, generator=generator)
    camera = Intrinsics(
        focal=size[:, :1] * (0.7 + torch.rand(count, 2, generator=generator)),
        centre=size / 2 + 20 * torch.randn(count, 2, generator=generator),
        image_size=size,
    )
    return (place + 0.3 * torch.randn(count, 17, 3, generator=generator))[:, None], camera


def test_a_point_worked_by_hand():
    """A person 4 m away, its box 2 m or 501 pixels wide; a joint half a metre to the right and a metre behind."""
    positions = torch.tensor([[[[0.0, 0.0, 4.0], [0.5, -1.0, 5.0]]]])
    camera = Intrinsics(
        focal=torch.tensor([[1000.0, 1000.0]]),
        centre=torch.tensor([[500.0, 550.0]]),
        image_size=torch.tensor([[1000.0, 1100.0]]),
    )
    found = encode("image-plane", positions, camera, 0)
    torch.testing.assert_close(found, torch.tensor([[[[0.0, 0.0, 0.0], [0.2, -0.4, 2 * 250.5 / 1000]]]]))


def test_the_image_plane_is_that_of_the_formulas(generator):
    positions, camera = made_up(generator)
    found = encode("image-plane", positions, camera, ROOT).numpy()
    for sample in range(len(positions)):
        (fx, fy), (cx, cy), (w, h) = (field[sample].numpy() for field in vars(camera).values())
        root_x, root_z = (float(positions[sample, 0, ROOT, axis]) for axis in (0, 2))
        left, right = ((root_x + side) * fx / root_z + cx for side in (-1, 1))
        ratio = (right - left + 1) / 2  # pixels a metre of the box about the root
        for joint, (x, y, z) in enumerate(positions[sample, 0].numpy()):
            expected = ((fx * x / z + cx) / w * 2 - 1, (fy * y / z + cy) / w * 2 - h / w, ratio * (z - root_z) / w * 2)
            np.testing.assert_allclose(found[sample, 0, joint], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("target", ["metres", "image-plane"])
def test_metres_come_back(generator, target):
    positions, camera = made_up(generator)
    answer = encode(target, positions, camera, ROOT)
    back = decode(target, answer, camera, root_depth=positions[..., ROOT, 2])
    expected = positions - positions[:, :, ROOT, None] if target == "metres" else positions
    torch.testing.assert_close(back, expected, rtol=0, atol=1e-5)


class Truth(LifterNetwork):
    """Answers what it should, in the image plane; the mirrored half of a flipped batch too."""

    def __init__(self, answer):
        super().__init__(make_config("lcn", target="image-plane"))
        self.answer = answer

    def forward(self, keypoints):
        torch.testing.assert_close(keypoints[: len(self.answer)], self.answer[..., :2])
        mirrored = self.answer[:, :, get_skeleton("human36m_17").flip_order] * torch.tensor([-1.0, 1.0, 1.0])
        return torch.cat([self.answer, mirrored])[: len(keypoints)]


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("keep_root", [False, True])
def test_prediction_turns_the_answer_into_root_relative_metres(generator, flip, keep_root):
    positions, camera = made_up(generator)
    network = Truth(encode("image-plane", positions, camera, ROOT))
    pixels = positions[..., :2] / positions[..., 2:] * camera.focal[:, None, None] + camera.centre[:, None, None]
    told = torch.full_like(positions, torch.nan)
    told[..., ROOT, 2] = positions[..., ROOT, 2]  # all that it needs, and all that an evaluation tells
    samples = Samples(keypoints_px=pixels, positions=told, intrinsics=camera)
    lifted = predict_samples(network, samples, flip=flip, keep_root=keep_root).positions
    torch.testing.assert_close(lifted, root_relative(positions[:, 0], ROOT), rtol=0, atol=2e-5)
    message = "must answer in metres where the true distance of the root is not known"
    with pytest.raises(InputError, match=message):
        predict(network, pixels, camera, flip=flip)
    with pytest.raises(InputError, match=message):
        predict_samples(network, replace(samples, positions=torch.full_like(positions, torch.nan)), flip=flip)


@pytest.mark.filterwarnings("ignore:The `srun` command is available:UserWarning", "ignore:.*NVML.*:UserWarning")
def test_lcn_learns_in_the_image_plane_and_every_figure_says_what_it_uses(tmp_path, capsys):
    stand_in.write_human36m(tmp_path / "human36m")
    config = read_recipe("h36m-lcn")
    assert config.model.target == "image-plane"
    data = replace(config.data, files=(str(tmp_path / "human36m"),), samples_per_epoch=2000)
    small = replace(config.model, channels=16, depth=1, dropout=0.0)
    notes = []
    outcome = train(
        replace(config, model=small, data=data, epochs=4),
        tmp_path / "run",
        report=lambda done, total, note: notes.append(note),
    )
    rows = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert rows[-1]["loss"] < rows[0]["loss"] / 2
    assert {row["caveat"] for row in rows} == {"uses GT root depth"}
    assert "mm (uses GT root depth)" in notes[-1]
    lifter = load_model(tmp_path / "run" / "last")
    assert lifter.facts["caveat"] == "uses GT root depth"
    with pytest.raises(InputError, match="measure it on data with true positions"):
        lifter.lift(np.full((1, 17, 2), 500.0), image_size=(1000, 1000))
    report = tmp_path / "report.json"
    command = ["evaluate", str(tmp_path / "run" / "last"), str(tmp_path / "human36m"), "--protocol", "h36m-gt-17"]
    capsys.readouterr()
    assert main([*command, "--no-flip", "-o", str(report)]) == 0
    assert capsys.readouterr().out.count("uses GT root depth") >= 1
    [told] = json.loads(report.read_text())
    assert told["method"].endswith("(uses GT root depth)")
    assert told["all_frames"]["values"]["mpjpe"] == pytest.approx(rows[-1]["validation_mpjpe_mm"], rel=1e-3)
    assert outcome.run_state.best_mpjpe_mm <= rows[-1]["validation_mpjpe_mm"]
