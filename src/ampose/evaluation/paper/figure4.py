"""What Figure 4's counterpart shows: samples of the test subjects with truth and prediction."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ampose.data import Recordings, read_recordings
from ampose.errors import InputError
from ampose.evaluation.facts import read_run
from ampose.evaluation.paper.figure4_picture import Example
from ampose.evaluation.protocols import human36m, mpi_inf_3dhp
from ampose.lifting.lifter import Lifter, load_model
from ampose.poses.geometry import root_relative

_TEST_SUBJECTS = frozenset((*human36m.TEST_SUBJECTS, *mpi_inf_3dhp.TEST_SUBJECTS))


def choose_examples(weights: Path, data: Sequence[Path], count: int) -> tuple[list[Example], str]:
    """Return samples of different actions, evenly spread over the datasets, and the title that says what they are.

    Args:
        weights: A folder that training wrote.
        data: Prepared folders.
        count: How many samples in all.

    Raises:
        InputError: ``count`` is not positive, or a folder lacks test subjects or the 2D source of the training.
    """
    if count < 1:
        raise InputError(f"examples must be at least 1, got {count}")
    lifter = load_model(weights)
    source = read_run(weights).get("data", {}).get("keypoints", "gt")
    shares = [len(part) for part in np.array_split(np.arange(count), len(data))]
    examples = []
    for folder, share in zip(data, shares, strict=True):
        recordings = read_recordings(folder)
        present = sorted(_TEST_SUBJECTS & set(recordings.subjects))
        if not present:
            raise InputError(f"{folder}: data must have test subjects (S9, S11 or TS1 to TS6), got none")
        recordings = recordings.select(subjects=present).with_skeleton(lifter.skeleton)
        examples += _examples(lifter, recordings, source, share)
    title = (
        f"{lifter.name} ({lifter.weights_hash[:12]}), test-time flip, root aligned; no sample was picked by its error"
    )
    return examples, title


def _examples(lifter: Lifter, recordings: Recordings, source: str, count: int) -> list[Example]:
    if not count:
        return []
    source = source if source in recordings.keypoints else "gt"
    valid = recordings.samples(source, valid_only=True, whole_takes=True)
    chosen = _one_of_each_action(recordings, count)
    rows = [np.flatnonzero(recordings.sample_recordings[recordings.valid] == recording) for recording in chosen]
    samples = valid[torch.tensor([int(of_recording[len(of_recording) // 2]) for of_recording in rows])]
    predicted = lifter.predict_samples(samples, flip=True).numpy()
    # (sample, joint, xyz): the samples are single frames, windows of length one
    truth = root_relative(samples.positions[:, 0], lifter.skeleton.root_index).numpy()
    errors = 1000 * np.linalg.norm(predicted - truth, axis=-1).mean(axis=1)
    examples = []
    for number, recording in enumerate(chosen):
        subject, take, scene = recordings.subjects[recording], recordings.takes[recording], recordings.scenes[recording]
        clip = take if take.startswith(subject) else f"{subject} {take}"
        where = scene or f"camera {recordings.cameras[recording]}"
        examples.append(
            Example(
                caption=f"{clip}, {where}, 2D {source}: {errors[number]:.1f} mm MPJPE",
                keypoints=samples.keypoints_px[number, 0].numpy(),
                truth=truth[number],
                predicted=predicted[number],
                skeleton=lifter.skeleton,
            )
        )
    return examples


def _one_of_each_action(recordings: Recordings, count: int) -> list[int]:
    """Return recordings of evenly spread actions, with other people and cameras each time; the middle is shown."""
    shown = np.unique(recordings.sample_recordings[recordings.valid])
    named = np.array(recordings.actions)[shown]
    actions = [shown[named == action] for action in sorted(set(named))]
    picks = [actions[number * max(len(actions), count) // count % len(actions)] for number in range(count)]
    return [int(own[number * (len(own) - 1) // max(count - 1, 1)]) for number, own in enumerate(picks)]
