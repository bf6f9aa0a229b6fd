"""A deletion filter: which of many demands cannot stand together, none of them idle (Chinneck 2008, ch. 6).

`irreducible` knows nothing of plans: it asks whether a set of demands can be met, and hears yes, no, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)

#: Whether demands can be met together: True with a plan at hand, False proved, None not known in time.
Test = Callable[[frozenset[T]], bool | None]


def irreducible(groups: Iterable[Sequence[T]], test: Test[T]) -> tuple[frozenset[T], bool]:
    """A subset that cannot be met together, while it can without any one of its members.

    Parameters
    ----------
    groups
        All demands, which together cannot be met. Each group is tried to be left off as a whole, the first groups
        first; a group of which something is needed is halved, down to single demands.
    test
        Told a set of demands. Asked again of sets that it knows: it should remember.

    Returns
    -------
    tuple of (frozenset, bool)
        The subset, and whether it is shown to be irreducible: every answer that it rests on was given. The last
        round has left nothing off and has asked without each single member, so this holds also where demands
        work against each other (a community that is kept is exempt from size: leaving off the lock may take
        plans away).

    Examples
    --------
    >>> irreducible([(1, 2), (3, 4)], lambda asked: not {2, 3} <= asked)
    (frozenset({2, 3}), True)
    """
    groups = [tuple(group) for group in groups]
    left = frozenset(one for group in groups for one in group)
    while True:
        before, known = left, True
        for group in groups:
            left, answered = _leave_off(left, [one for one in group if one in left], test)
            known = known and answered
        if left == before:
            return left, known


def _leave_off(left: frozenset[T], group: Sequence[T], test: Test[T]) -> tuple[frozenset[T], bool]:
    """Leave off as much of a group as may be; False if an answer was wanting."""
    if not group:
        return left, True
    answer = test(left - set(group))
    if answer is False:
        return left - set(group), True
    if len(group) == 1:
        return left, answer is not None
    half = len(group) // 2
    left, first = _leave_off(left, group[:half], test)
    left, second = _leave_off(left, group[half:], test)
    return left, first and second
