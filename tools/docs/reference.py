"""The API reference: a page for each public module, and a check that no public name is missing from it."""

import ast
from collections.abc import Iterator
from pathlib import Path

SRC = Path(__file__).parents[2] / "src"


def public_modules() -> list[str]:
    """Every module of the package without a leading underscore in its path, packages before what they hold."""
    names = []
    for path in (SRC / "ampose").rglob("*.py"):
        parts = path.relative_to(SRC).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if not any(part.startswith("_") for part in parts):
            names.append(".".join(parts))
    return sorted(names)


def source_of(module: str) -> Path:
    """The file of a module or package."""
    path = SRC / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def public_names(module: str) -> Iterator[str]:
    """The module's own public functions and classes, and the classes' public methods, as their source has them."""
    for node in ast.parse(source_of(module).read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield f"{module}.{node.name}"
            if isinstance(node, ast.ClassDef):
                methods = (method for method in node.body if isinstance(method, ast.FunctionDef))
                yield from (f"{module}.{node.name}.{m.name}" for m in methods if not m.name.startswith("_"))


def summary(module: str) -> str:
    """First line of a module's docstring."""
    return (ast.get_docstring(ast.parse(source_of(module).read_text())) or "").partition("\n")[0]


def reexported(module: str) -> list[tuple[str, str]]:
    """Names in a package's ``__all__`` that other modules define, each with the module that it comes from."""
    tree = ast.parse(source_of(module).read_text())
    origin = {
        alias.asname or alias.name: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("ampose")
        for alias in node.names
    }
    exported = [
        name
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
        for name in ast.literal_eval(node.value)
    ]
    return [(name, f"{origin[name]}.{name}") for name in exported if name in origin]


def pages() -> dict[str, str]:
    """File name and reStructuredText of each page of the reference."""
    modules = public_modules()
    return {f"{module}.rst": module_page(module, modules) for module in modules} | {"index.rst": index_page(modules)}


def children_of(module: str, modules: list[str]) -> list[str]:
    """The modules directly inside a package."""
    return [name for name in modules if name.rpartition(".")[0] == module]


def module_page(module: str, modules: list[str]) -> str:
    """A module's docstring, what it holds, and everything that is defined in it."""
    lines = [module, "=" * len(module), "", f".. automodule:: {module}", "   :members:", "   :undoc-members:"]
    lines += ["   :ignore-module-all:", "   :show-inheritance:", ""]
    if exported := reexported(module):
        lines += [".. rubric:: Importable from here", ""]
        lines += [", ".join(f":py:obj:`{name} <{target}>`" for name, target in exported), ""]
    if children := children_of(module, modules):
        lines += [".. rubric:: Modules", "", *module_table(children), *toctree(children)]
    return "\n".join(lines)


def index_page(modules: list[str]) -> str:
    """The packages, with what each is for."""
    rooms = children_of("ampose", modules)
    intro = "Everything public, from the docstrings. ``import ampose`` offers what most programs need:"
    title = "Python reference"
    lines = [title, "=" * len(title), "", intro, "", ".. automodule:: ampose", "   :no-index:", "   :no-members:", ""]
    return "\n".join([*lines, *module_table(rooms), *toctree(["ampose", *rooms])])


def module_table(modules: list[str]) -> list[str]:
    """A table of modules, linked, with their first lines."""
    rows = [f"   * - :py:mod:`{name} <{name}>`\n     - {summary(name)}" for name in modules]
    return [".. list-table::", "   :widths: 30 70", "", *rows, ""]


def toctree(modules: list[str]) -> list[str]:
    """The modules in the navigation."""
    entries = [f"   {module.rpartition('.')[2]} <{module}>" for module in modules]
    return [".. toctree::", "   :hidden:", "   :maxdepth: 1", "", *entries, ""]


def check_reference(app, env) -> None:
    """Warn, which fails the build, of each public name that the built reference lacks.

    Args:
        app: the Sphinx application.
        env: its environment; the Python domain knows what was documented.
    """
    from sphinx.util import logging

    documented = env.domains.python_domain.objects
    for module in public_modules():
        for name in [module, *public_names(module)]:
            if name not in documented:
                logging.getLogger(__name__).warning("%s is missing from the reference", name)
