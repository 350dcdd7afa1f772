"""What must be in place before anything of the package is imported, in tests and in doctests alike."""

import beartype._util.hint.pep.proposal.pep696 as type_variable_defaults

# From Python 3.13 on, beartype 0.23 takes the default of a type variable (PEP 696) for its bound: a
# ``Registry[Skeleton, Facts]`` would be refused, since facts are a mapping by default.
type_variable_defaults.IS_PYTHON_AT_LEAST_3_13 = False
