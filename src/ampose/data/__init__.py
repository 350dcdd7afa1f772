"""Datasets, one file each, by name, and the prepared file that they all become."""

from ampose.registry import Registry

__all__ = ["datasets", "register"]

datasets = Registry[type]("dataset", package="ampose.data", group="ampose.datasets")
register = datasets.register
