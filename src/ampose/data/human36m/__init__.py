"""Human3.6M, in the layouts in which it is handed on."""

from ampose.data.human36m import human36m_dataset

__all__ = ["human36m_dataset"]
