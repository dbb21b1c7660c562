"""The states of a thing: which retries it has used. A step from one state to others is a matrix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SUCCEEDED, FAILED, REJECTED, TIMED_OUT = range(4)
HARMED, DONE = 4, 5
COUNTERS = 6
"""The first four count executions by outcome. `HARMED` counts things on which one FAILED, `DONE` things whose last
execution has ended, with no retry to come."""


class Retries(NamedTuple):
    """Number of retries of each failure type. With `together`, both share one count."""

    failed: int = 0
    timed_out: int = 0
    together: bool = False


class State(NamedTuple):
    """A thing between two attempts. `bad`: every attempt on it fails, because of a bad release."""

    bad: bool
    failed: int = 0
    timed_out: int = 0
    harmed: bool = False

    def after(self, outcome: int, retries: Retries) -> State | None:
        """Return the state in which the thing is retried, None if it isn't."""
        if outcome == FAILED and self.failed < retries.failed:
            return self._replace(failed=self.failed + 1, harmed=True)
        if outcome == TIMED_OUT and retries.together and self.failed < retries.failed:
            return self._replace(failed=self.failed + 1)
        if outcome == TIMED_OUT and not retries.together and self.timed_out < retries.timed_out:
            return self._replace(timed_out=self.timed_out + 1)
        return None


def states(retries: Retries, *, bad: bool, fails: bool, times_out: bool, bad_times_out: bool) -> tuple[State, ...]:
    """Return every reachable state, that of a fresh thing first and, with `bad`, that of a fresh bad one second."""
    reachable = [State(bad=False)] + [State(bad=True)] * bad
    for state in reachable:  # it grows meanwhile
        may = (state.bad or fails, bad_times_out if state.bad else times_out)
        for outcome, possible in zip((FAILED, TIMED_OUT), may, strict=True):
            after = state.after(outcome, retries) if possible else None
            if after is not None and after not in reachable:
                reachable.append(after)
    return tuple(reachable)


def steps(all_states: tuple[State, ...], retries: Retries) -> NDArray[np.float64]:
    """Return a matrix of what each outcome adds to. Rows: the counters, then the queue in each state.

    Columns: outcome by outcome, each with all states.
    """
    matrix = np.zeros((COUNTERS + len(all_states), 4 * len(all_states)))
    for outcome in range(4):
        for index, state in enumerate(all_states):
            column = outcome * len(all_states) + index
            matrix[list(_adds(state, outcome, retries, all_states)), column] = 1
    return matrix


def _adds(state: State, outcome: int, retries: Retries, all_states: tuple[State, ...]) -> Iterator[int]:
    yield outcome
    if outcome == FAILED and not state.harmed:
        yield HARMED
    after = state.after(outcome, retries)
    if after is None or after not in all_states:
        yield DONE
    else:
        yield COUNTERS + all_states.index(after)


def endings(
    all_states: tuple[State, ...], *, reject_rate: float, failure_rate: float, hang_rate: float
) -> NDArray[np.float64]:
    """Return the probabilities of SUCCEEDED, FAILED and REJECTED for executions that end by themselves, by state.

    The rates are shares of all executions, of which those that hang don't end by themselves.
    """
    ends = 1 - hang_rate
    good = (ends - failure_rate - reject_rate, failure_rate, reject_rate) if ends else (1.0, 0.0, 0.0)
    shares = np.maximum(good, 0) / sum(np.maximum(good, 0))
    return np.array([(0.0, 1.0, 0.0) if state.bad else shares for state in all_states])


def outcomes(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the shares as a matrix for `steps` to multiply. Columns: ended by itself, then timed out, by state."""
    count = len(shares)
    matrix = np.zeros((4 * count, 2 * count))
    for index, (succeeded, failed, rejected) in enumerate(shares):
        matrix[[index, count + index, 2 * count + index], index] = succeeded, failed, rejected
        matrix[3 * count + index, count + index] = 1
    return matrix
