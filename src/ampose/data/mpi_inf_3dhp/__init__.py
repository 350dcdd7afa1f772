"""MPI-INF-3DHP, in the layouts in which it is handed on."""

from ampose.data.mpi_inf_3dhp import mpi_inf_3dhp_dataset

__all__ = ["mpi_inf_3dhp_dataset"]
