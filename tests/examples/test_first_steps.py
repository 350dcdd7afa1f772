"""The notebook that a new user begins with runs, and shows what it promises."""

import shutil
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTEBOOK = EXAMPLES / "first_steps.ipynb"


def read_notebook():
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    return notebook


def test_it_has_ten_cells_and_is_committed_without_outputs():
    cells = read_notebook().cells
    assert len(cells) == 10
    assert [cell.outputs for cell in cells if cell.cell_type == "code"] == [[]] * 9


@pytest.mark.detector
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_it_runs_and_shows_the_result(tmp_path):
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    for package in ("ipykernel", "movement", "onnxruntime"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    shutil.copy(EXAMPLES / "balance_beam.mp4", tmp_path)
    notebook = read_notebook()
    nbclient.NotebookClient(notebook, timeout=1000, resources={"metadata": {"path": str(tmp_path)}}).execute()
    _, lift, motion, pose, plot, table, errors, angles, smoothed, _ = (
        shown_by(cell) if cell.cell_type == "code" else {} for cell in notebook.cells
    )
    assert "image/png" in lift
    assert "allow-scripts" in motion["text/html"]
    assert "allow-scripts" in pose["text/html"]
    assert pose["text/plain"].startswith("<Pose3D: 100 frames at 60 a second, human36m_17")
    assert "image/png" in plot
    assert "image/png" in angles
    assert all(column in table["text/html"] for column in ("time", "joint", "expected_error"))
    assert "wrist" in errors["text/plain"]
    assert smoothed["text/plain"] == "(100, 0)"
    assert (tmp_path / "balance_beam.bvh").read_text().startswith("HIERARCHY")


def shown_by(cell) -> dict[str, str]:
    """What the last line of a cell shows, by type."""
    results = [output.data for output in cell.outputs if output.output_type == "execute_result"]
    return results[-1] if results else {}
