"""Prepared datasets with fixed, calibrated cameras, and the folder that holds one."""

from ampose.data.recordings.recordings import Recordings
from ampose.data.recordings.recordings_folder import INDEX, is_recordings_folder, read_recordings, write_recordings
from ampose.data.recordings.recordings_writer import Recording, RecordingsWriter

__all__ = [
    "INDEX",
    "Recording",
    "Recordings",
    "RecordingsWriter",
    "is_recordings_folder",
    "read_recordings",
    "write_recordings",
]
