from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import SupportsFloat

__all__ = ["Graph", "Node"]

@dataclass(frozen=True)
class Node:
    name: str
    formula: str
    value: float
    derivative: float
    inputs: tuple[str, ...] = ()
    partials: tuple[float, ...] = ()

class Graph:
    nodes: tuple[Node, ...]
    def __init__(self, given: Mapping[str, SupportsFloat], formulas: Mapping[str, str]) -> None: ...
    @classmethod
    def of_nodes(cls, nodes: Iterable[Node]) -> Graph: ...
    def __getitem__(self, name: str) -> Node: ...
    def __iter__(self) -> Iterator[Node]: ...
    def __len__(self) -> int: ...
    output: Node
    derivatives: dict[str, float]
