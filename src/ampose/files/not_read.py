"""Files that people have and that are not read here: what each is, and what to do with it."""

from pathlib import Path

from ampose.errors import InputError

_ARCHIVE = "an archive; unpack it and name what is in it"
_SHEET = "a spreadsheet; save it as CSV"
_PICKLE = "a Python pickle, which may run anything; save the keypoints as JSON, CSV or npy"
_WEIGHTS = "a network's weights; name what is to be lifted"
_3D_SCENE = "a 3D scene; export the motion as BVH, as Blender does"
_ADVICE = {
    ".slp": "SLEAP's own project; export it from SLEAP as analysis HDF5 (File, Export Analysis HDF5) and name the .h5",
    **dict.fromkeys((".pkl", ".pickle"), _PICKLE),
    **dict.fromkeys((".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"), _ARCHIVE),
    **dict.fromkeys((".xls", ".xlsx", ".ods"), _SHEET),
    **dict.fromkeys((".fbx", ".blend", ".dae", ".usd", ".usdz", ".vrm"), _3D_SCENE),
    **dict.fromkeys((".onnx", ".pt", ".pth", ".tflite", ".task", ".ckpt", ".safetensors"), _WEIGHTS),
    ".mvnx": "Xsens' own file; export it as BVH or C3D",
    ".asf": "a skeleton of the CMU database; ampose prepare cmu reads the folder",
    ".amc": "a motion of the CMU database; ampose prepare cmu reads the folder",
    ".mat": "MATLAB's; save the keypoints as CSV",
    ".mot": "OpenSim's joint angles, which are no positions; name the .trc",
    ".sto": "OpenSim's table, which holds no positions of joints; name the .trc",
    ".bag": "a recording of ROS; write its keypoints as JSON or CSV",
    ".db": "a database, such as Windows makes of a folder's thumbnails; name another file",
    ".ini": "settings, such as Windows makes for a folder; name another file",
    ".lnk": "a shortcut of Windows; name what it leads to",
    ".doc": "a document; name the data",
    ".docx": "a document; name the data",
}


def check_is_read(path: Path) -> None:
    """Refuse a file that is known not to be read, by its suffix.

    Raises:
        InputError: It is one; the message says what it is and what to do.
    """
    if path.suffix.lower() in _ADVICE and not path.is_dir():
        raise InputError(f"{path}: is {_ADVICE[path.suffix.lower()]}")
