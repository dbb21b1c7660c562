"""The states of a thing: which retries it has used. A step from one state to others is a matrix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

SUCCEEDED, FAILED, REJECTED, TIMED_OUT, STUCK = range(5)
"""The outcomes of an execution. `STUCK`: it FAILED, and so will every further attempt on its thing."""
OUTCOMES = 5
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
    """A thing between two attempts. `bad`: every attempt on it fails."""

    bad: bool
    failed: int = 0
    timed_out: int = 0
    harmed: bool = False

    @property
    def may_stick(self) -> bool:
        """Whether a failure may be the first of many: later ones are drawn afresh, or sure."""
        return not (self.bad or self.harmed)

    def after(self, outcome: int, retries: Retries) -> State | None:
        """Return the state in which the thing is retried, None if it isn't."""
        if outcome in (FAILED, STUCK) and self.failed < retries.failed:
            return self._replace(bad=self.bad or outcome == STUCK, failed=self.failed + 1, harmed=True)
        if outcome == TIMED_OUT and retries.together and self.failed < retries.failed:
            return self._replace(failed=self.failed + 1)
        if outcome == TIMED_OUT and not retries.together and self.timed_out < retries.timed_out:
            return self._replace(timed_out=self.timed_out + 1)
        return None


def states(
    retries: Retries, *, bad: bool, fails: bool, sticks: bool, times_out: bool, bad_times_out: bool
) -> tuple[State, ...]:
    """Return every reachable state, that of a fresh thing first and, with `bad`, that of a fresh bad one second."""
    reachable = [State(bad=False)] + [State(bad=True)] * bad
    for state in reachable:  # it grows meanwhile
        may = (state.bad or fails, fails and sticks and state.may_stick, bad_times_out if state.bad else times_out)
        for outcome, possible in zip((FAILED, STUCK, TIMED_OUT), may, strict=True):
            after = state.after(outcome, retries) if possible else None
            if after is not None and after not in reachable:
                reachable.append(after)
    return tuple(reachable)


def steps(all_states: tuple[State, ...], retries: Retries) -> NDArray[np.float64]:
    """Return a matrix of what each outcome adds to. Rows: the counters, then the queue in each state.

    Columns: outcome by outcome, each with all states.
    """
    matrix = np.zeros((COUNTERS + len(all_states), OUTCOMES * len(all_states)))
    for outcome in range(OUTCOMES):
        for index, state in enumerate(all_states):
            column = outcome * len(all_states) + index
            matrix[list(_adds(state, outcome, retries, all_states)), column] = 1
    return matrix


def _adds(state: State, outcome: int, retries: Retries, all_states: tuple[State, ...]) -> Iterator[int]:
    failed = outcome in (FAILED, STUCK)
    yield FAILED if failed else outcome
    if failed and not state.harmed:
        yield HARMED
    after = state.after(outcome, retries)
    if after is None or after not in all_states:
        yield DONE
    else:
        yield COUNTERS + all_states.index(after)


def fates(
    all_states: tuple[State, ...], *, failure_rate: float, reject_rate: float, hang_rate: float
) -> NDArray[np.float64]:
    """Return the probabilities that an execution succeeds, fails, is rejected and hangs, with a row for each state."""
    good = np.maximum((1 - hang_rate - failure_rate - reject_rate, failure_rate, reject_rate, hang_rate), 0)
    return np.array([(0.0, 1.0, 0.0, 0.0) if state.bad else good / good.sum() for state in all_states])


def outcomes(
    all_states: tuple[State, ...], fate: NDArray[np.float64], *, sticks: float, apart: bool
) -> list[NDArray[np.float64]]:
    """Return the shares of outcomes, with a row for each state, of the executions that end in each way.

    The ways: after a run time; with `apart`, after a failure time; at the timeout. `sticks` is the share of things on
    which every attempt fails once one has failed.
    """
    stuck = np.array([[sticks * state.may_stick] for state in all_states])
    ran, failed, late = np.zeros((3, len(all_states), OUTCOMES))
    ran[:, [SUCCEEDED, REJECTED]] = fate[:, [0, 2]]
    (failed if apart else ran)[:, [FAILED, STUCK]] = fate[:, [1]] * np.hstack((1 - stuck, stuck))
    late[:, TIMED_OUT] = 1
    ways = [ran, failed, late] if apart else [ran, late]
    return [way / np.maximum(way.sum(axis=1, keepdims=True), 1e-300) for way in ways]


def in_turn(shares: ArrayLike) -> NDArray[np.float64]:
    """Return the probability of each share if it is none of those before it: at most 1, however the shares round."""
    values = np.array(shares, dtype=float)
    rest = np.cumsum(values[::-1], axis=0)[::-1]
    chances: NDArray[np.float64] = np.divide(values, rest, out=np.ones_like(values), where=rest > 0)
    return chances


def weights(ways: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the shares of outcomes as a matrix for `steps` to multiply. Columns: way by way, each with all states."""
    return np.block([[np.diag(way[:, outcome]) for way in ways] for outcome in range(OUTCOMES)])
