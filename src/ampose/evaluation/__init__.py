"""Evaluation: protocols as data, one door through which everything is measured, reports that say what was."""

from ampose.evaluation.held_out import HeldOut, view_held_out
from ampose.evaluation.protocol import Protocol, find_protocol, list_protocols, register
from ampose.evaluation.report import Report, write_reports
from ampose.evaluation.run import Predict, evaluate

__all__ = [
    "HeldOut",
    "Predict",
    "Protocol",
    "Report",
    "evaluate",
    "find_protocol",
    "list_protocols",
    "register",
    "view_held_out",
    "write_reports",
]
