"""Windows of neighbouring seats: which pairs to solve anew while all else stays as it is."""

from __future__ import annotations

import numpy as np

from districting.plans.problem import Bools, Floats, Ints
from districting.solvers.ground import Ground

_FIRST_BUDGET = 150


class Windows:
    """Draws windows and remembers those that have nothing more to give.

    Parameters
    ----------
    ground
        Fixed seats.
    rng
        Draws the order, and which neighbours belong.
    """

    def __init__(self, ground: Ground, rng: np.random.Generator) -> None:
        self._ground, self._rng = ground, rng
        self._known: set[tuple[bytes, bytes]] = set()
        #: Pairs that a window may have.
        self.budget = _FIRST_BUDGET

    def order(self, overloads: Floats) -> list[int]:
        """Seats in a drawn order; where some are overloaded, only those, the worst first."""
        drawn = self._rng.permutation(self._ground.m)
        if overloads.any():
            drawn = drawn[overloads[drawn] > 0.0]
            drawn = drawn[np.argsort(-overloads[drawn], kind="stable")]
        return [int(seat) for seat in drawn]

    def around(self, centre: int, pairs: Bools, part: Ints) -> Bools | None:
        """Pairs of a window around a seat, shape (n, m); None if it is known to hold nothing better.

        Seats join that have most pairs in common with the window, nodes of one that the other could serve.
        """
        m = self._ground.m
        node, seat = np.nonzero(pairs)
        moves = part[node] != seat
        links = np.zeros((m, m))
        np.add.at(links, (part[node[moves]], seat[moves]), 1.0)
        links += links.T
        chosen = [centre]
        while len(chosen) < m:
            score = links[chosen].sum(axis=0) * self._rng.uniform(0.3, 1.0, m)
            score[chosen] = -1.0
            best = int(score.argmax())
            if score[best] <= 0.0:
                break
            if len(chosen) > 1 and self._window(pairs, part, [*chosen, best]).sum() > self.budget:
                break
            chosen.append(best)
        window = self._window(pairs, part, chosen)
        return None if len(chosen) < 2 or self._key(window, part) in self._known else window

    def remember(self, window: Bools, part: Ints) -> None:
        """Nothing better than this plan is left in the window."""
        self._known.add(self._key(window, part))

    @staticmethod
    def _window(pairs: Bools, part: Ints, seats: list[int]) -> Bools:
        """Pairs between these seats and the nodes that they serve."""
        inside = np.zeros_like(pairs)
        inside[np.ix_(np.flatnonzero(np.isin(part, seats)), np.array(seats))] = True
        return inside & pairs

    @staticmethod
    def _key(window: Bools, part: Ints) -> tuple[bytes, bytes]:
        """The window and the plan in it."""
        return np.packbits(window).tobytes(), part[window.any(axis=1)].tobytes()
