"""What is done with the root joint before poses are compared.

Public lifters differ here, and each way changes MPJPE. All of them divide by all joints: the root counts
as one.
"""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor

from ampose.errors import InputError
from ampose.poses.geometry import root_relative

ROOT_CONVENTIONS: Mapping[str, str] = {
    "subtract": "the predicted root is subtracted from all joints (SemGCN, GraFormer, Modulated-GCN)",
    "zero": "the predicted root is overwritten by 0, the rest stays (StridedTransformer, MHFormer, P-STMO)",
    "keep": "the prediction stays as it is, its root included (VideoPose3D, MixSTE, PoseFormer)",
}
"""Name -> what happens to the prediction. The target is root-relative in each."""


def apply_root_convention(
    predicted: Float[Tensor, "sample joint 3"], root_index: int, convention: str = "subtract"
) -> Float[Tensor, "sample joint 3"]:
    """Treat the predicted root in the named way; the prediction that goes in is not changed.

    Args:
        predicted: Metres.
        root_index: ``Skeleton.root_index``.
        convention: One of ``ROOT_CONVENTIONS``. AMPose follows SemGCN's line, so the default is "subtract".

    Raises:
        InputError: There is no such convention.

    Example:
        >>> import torch
        >>> pose = torch.tensor([[[1.0, 1, 1], [2, 2, 2]]])
        >>> apply_root_convention(pose, 0).tolist()
        [[[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]]
        >>> apply_root_convention(pose, 0, "zero").tolist()
        [[[0.0, 0.0, 0.0], [2.0, 2.0, 2.0]]]
    """
    if convention not in ROOT_CONVENTIONS:
        raise InputError(f"root convention must be one of {', '.join(ROOT_CONVENTIONS)}, got {convention!r}")
    if convention == "subtract":
        return root_relative(predicted, root_index)
    if convention == "zero":
        zeroed = predicted.clone()
        zeroed[:, root_index] = 0
        return zeroed
    return predicted
