"""The list of all scenarios: each a function of a World, registered under its id."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    id: str
    title: str
    run: object
    bound: str  # as the table shows it
    seeds: int = 20  # of a full run of hark
    tested: int = 1  # seeds in ./dev test; 0: not there
    alone: bool = False  # floods: nothing else may run beside it
    only_hark: bool = False  # asks what only hark promises or can be asked
    figure: str = "U"  # what the table shows


ALL: dict[str, Scenario] = {}


def scenario(id_: str, title: str, bound: str = "", **more):
    def register(function):
        assert id_ not in ALL, id_
        ALL[id_] = Scenario(id_, title, function, bound, **more)
        return function
    return register
