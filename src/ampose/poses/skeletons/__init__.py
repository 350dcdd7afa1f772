"""Skeletons by name, and the named mappings between them."""

from functools import cache
from pathlib import Path

from ampose.errors import InputError
from ampose.poses.skeletons import known, mappings
from ampose.poses.skeletons.mappings import Recipe, SkeletonMapping
from ampose.poses.skeletons.skeleton import Skeleton
from ampose.poses.skeletons.toml_file import read_declaration
from ampose.registry import Registry

__all__ = [
    "Skeleton",
    "SkeletonMapping",
    "find_mapping",
    "get_skeleton",
    "list_skeletons",
    "list_sources",
    "load_skeleton",
    "register_mapping",
    "register_skeleton",
]

_SKELETONS = Registry[Skeleton]("skeleton")
_RECIPES: dict[tuple[str, str], tuple[Recipe, frozenset[str]]] = {}
_DECLARED: set[str] = set()


def register_skeleton(skeleton: Skeleton) -> Skeleton:
    """Make a skeleton known by its name. Registering an equal one again changes nothing.

    Raises:
        InputError: Another skeleton has that name.
    """
    if skeleton.name in _SKELETONS:
        if _SKELETONS.get(skeleton.name).target != skeleton:
            raise InputError(f"skeleton {skeleton.name} must be defined once, got a different one; rename it")
    else:
        _SKELETONS.add(skeleton.name, skeleton)
    return skeleton


def get_skeleton(name: str | Skeleton) -> Skeleton:
    """Return the skeleton of that name, or of that .toml file (a Skeleton is returned as it is).

    Raises:
        InputError: There is none, or the file holds a mistake.

    Example:
        >>> get_skeleton("human36m_17").hops.tolist()
        [0, 1, 2, 3, 1, 2, 3, 1, 2, 3, 4, 3, 4, 5, 3, 4, 5]
    """
    if isinstance(name, str) and name.endswith(".toml"):
        return load_skeleton(name)
    return name if isinstance(name, Skeleton) else _SKELETONS.get(name).target


def load_skeleton(file: str | Path) -> Skeleton:
    """Read a skeleton that a TOML file declares, and make it and its mappings known by its name.

    Args:
        file: See docs/my-own-skeleton.md for what is in it. The same file may be loaded again.

    Raises:
        InputError: The file holds a mistake, or another skeleton has that name; nothing is made known then.
    """
    skeleton, mapped = read_declaration(Path(file), get_skeleton)
    name = skeleton.name
    if name in _SKELETONS and name not in _DECLARED:
        raise InputError(f"{file}: name must be your own, got {name!r}, which ampose knows already; rename it")
    register_skeleton(skeleton)
    _DECLARED.add(name)
    recipes = {mapping.target.name: (mapping.recipe, mapping.made_up) for mapping in mapped}
    if known.HUMAN36M_17.name in recipes:  # the 16 joints are these without one
        recipes = {known.HUMAN36M_16.name: recipes[known.HUMAN36M_17.name]} | recipes
    for target, recipe in recipes.items():
        _RECIPES[name, target] = recipe
    find_mapping.cache_clear()
    return _SKELETONS.get(name).target


def list_skeletons() -> list[str]:
    """Return the names of all known skeletons."""
    return _SKELETONS.names()


def list_sources(target: str | Skeleton) -> list[str]:
    """Return the names of the skeletons whose joints lead to those of this one, itself included.

    Example:
        >>> list_sources("human36m_17")[:3]
        ['blazepose_33', 'body_25', 'body_25b']
    """
    name = get_skeleton(target).name
    return sorted({name, *(a for a, b in _RECIPES if b == name)})


def register_mapping(source: str, target: str, recipe: Recipe, *, made_up: frozenset[str] = frozenset()) -> None:
    """Make a mapping known; see ``SkeletonMapping`` for the arguments."""
    if (source, target) in _RECIPES:
        raise ValueError(f"mapping must be defined once, got {source} -> {target} twice")
    _RECIPES[source, target] = recipe, made_up
    find_mapping.cache_clear()


@cache
def find_mapping(source: str | Skeleton, target: str | Skeleton) -> SkeletonMapping:
    """Return the mapping from the joints of one skeleton to those of another, by name or of the caller's own.

    A skeleton maps to itself, and to one whose joints it all has by the same names.

    Raises:
        InputError: No mapping is known; the message lists the sources that are.
    """
    have, want = get_skeleton(source), get_skeleton(target)
    if (have.name, want.name) in _RECIPES:
        recipe, made_up = _RECIPES[have.name, want.name]
        kept = {joint: weights for joint, weights in recipe.items() if joint in want.parents}
        return SkeletonMapping(have, want, kept, made_up & set(want.joints))
    if set(want.joints) <= set(have.joints):
        return SkeletonMapping(have, want, {})
    sources = list_sources(want)
    raise InputError(
        f"keypoints for {want.name} must come from {'one of ' if len(sources) > 1 else ''}{', '.join(sources)}, "
        f"got {have.name}"
    )


for _skeleton in known.KNOWN:
    register_skeleton(_skeleton)
register_mapping("human36m_17", "mpi_inf_3dhp_17", mappings.to_mpi_inf_3dhp({}))
for _target in ("human36m_17", "human36m_16"):
    for _source in ("mpi_inf_3dhp_28", "mpi_inf_3dhp_17"):
        register_mapping(_source, _target, mappings.FROM_MPI_INF_3DHP)
for _source, (_recipe, _made_up) in mappings.DETECTORS.items():
    for _target in ("human36m_17", "human36m_16"):
        register_mapping(_source, _target, _recipe, made_up=_made_up)
    _renamed = mappings.named_as_mpi_inf_3dhp(_made_up)
    register_mapping(_source, "mpi_inf_3dhp_17", mappings.to_mpi_inf_3dhp(_recipe), made_up=_renamed)
for (_source, _target), _recipe in mappings.BETWEEN_DETECTORS.items():
    register_mapping(_source, _target, _recipe, made_up=frozenset(_recipe))
