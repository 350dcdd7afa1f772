"""Evaluation: one entry point for all metrics, protocols as data, and reports that state the protocol."""

from ampose.evaluation.held_out import HeldOut, hold_out
from ampose.evaluation.measure import Method, fit_baselines, measure, method_of
from ampose.evaluation.protocol import (
    FixedCameras,
    Protocol,
    VirtualCameras,
    find_protocol,
    list_protocols,
    register,
)
from ampose.evaluation.report import Report, write_reports

__all__ = [
    "FixedCameras",
    "HeldOut",
    "Method",
    "Protocol",
    "Report",
    "VirtualCameras",
    "find_protocol",
    "fit_baselines",
    "hold_out",
    "list_protocols",
    "measure",
    "method_of",
    "register",
    "write_reports",
]
