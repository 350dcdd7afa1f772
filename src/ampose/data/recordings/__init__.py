"""Prepared datasets with fixed, calibrated cameras, and the folder that holds one."""

from ampose.data.recordings.arrays import Views
from ampose.data.recordings.recordings_folder import INDEX, is_views_folder, read_views, write_views
from ampose.data.recordings.recordings_writer import View, ViewsWriter

__all__ = ["INDEX", "View", "Views", "ViewsWriter", "is_views_folder", "read_views", "write_views"]
