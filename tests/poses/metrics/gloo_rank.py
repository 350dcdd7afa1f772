"""One of several processes that measure a share of the same data. Arguments: those of ``main``."""

import json
import sys

import torch
from torch import distributed

from ampose.poses.metrics.streaming import ActionMetric, PoseMetric


def main(rank: int, world_size: int, meeting: str, data: str) -> None:
    """Write what each metric makes of the shares of all processes."""
    distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=world_size)
    predicted, target, action = torch.load(data, weights_only=True)
    mine = slice(0, 7) if rank == 0 else slice(7, None)
    by_frame, by_action = PoseMetric("p_mpjpe"), ActionMetric("mpjpe", actions=["sit", "sit down", "walk"])
    by_frame.update(predicted[mine], target[mine])
    by_action.update(predicted[mine], target[mine], action[mine])
    sys.stdout.write(json.dumps([by_frame.compute().item(), by_action.compute().item()]) + "\n")
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
