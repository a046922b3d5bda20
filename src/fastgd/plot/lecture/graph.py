"""A computation graph with the numbers on it: values forward, derivatives backward."""

import numpy as np

from ..canvas import halo
from ..picture import Picture, drawing
from ..style import BLUE, VERMILION, axes
from ..words import listed, number

GAP, TALL = 0.8, 1.35  # between boxes, and from one row to the next, in inches
HEIGHT = 0.95  # of a box; its width follows from the longest formula


def computation_graph(graph, *, lang="en", ax=None):
    """Draw a computation graph: each box a formula, its value, and the derivative found backward.

    Values flow along solid arrows from left to right, derivatives along dashed ones back.

    Parameters
    ----------
    graph : Graph, or iterable of nodes
        A `Graph` has the attribute `nodes`. Nodes have the attributes `name`, `formula`, `value`,
        `derivative` (of the last quantity with respect to this one, or None) and `inputs` (names).
    lang, ax
        As for `secants`.

    Returns
    -------
    Picture
        With `values`: for each name the pair (value, derivative).

    Raises
    ------
    ValueError
        If an input is no node, or the nodes go round in a circle.
    """
    nodes = getattr(graph, "nodes", graph)
    nodes = {n.name: n for n in (nodes.values() if isinstance(nodes, dict) else nodes)}
    place = _places(nodes)
    columns = max(x for x, _ in place.values()) + 1
    low, high = min(y for _, y in place.values()), max(y for _, y in place.values())
    last = _last(nodes)
    box = np.array([np.clip(0.088 * max(len(_title(n)) for n in nodes.values()), 1.7, 3), HEIGHT])
    wide = box[0] + GAP
    with drawing(lang) as say:
        ax = axes(ax, width=wide * columns + 0.1, height=TALL * (high - low + 1) + 0.7)
        ax.set_aspect("equal")
        ax.axis("off")
        ax.set_xlim(-wide / 2, wide * (columns - 0.5))
        ax.set_ylim(TALL * (low - 0.5), TALL * (high + 0.5) + 0.5)
        centre = {name: np.array([wide * x, TALL * y]) for name, (x, y) in place.items()}
        for (source, _), (start, end) in _ports(nodes, centre, box).items():
            _arrows(ax, start, end, nodes[source].derivative is not None)
        for name, node in nodes.items():
            _box(ax, node, centre[name], box, last, name == last)
        ax.plot([], [], color=BLUE, lw=1.8, label=say("forward_pass"))
        if any(n.derivative is not None for n in nodes.values()):
            label = say("backward_pass", name=last)
            ax.plot([], [], color=VERMILION, lw=1.8, ls="--", label=label)
        ax.legend(loc="upper left", ncols=2, edgecolor="none")
        values = [f"{name} = {_shown(n.value)}" for name, n in nodes.items()]
        slopes = [
            f"{name} {_shown(n.derivative)}"
            for name, n in nodes.items()
            if n.derivative is not None and name != last
        ]
        comma = say("comma")
        alt = say(
            "graph_alt",
            values=comma.join(listed(values, 12)),
            name=last,
            derivatives=comma.join(listed(slopes, 12)),
        )
        return Picture(ax, alt, **{name: (n.value, n.derivative) for name, n in nodes.items()})


def _last(nodes):
    """The quantity that no other needs."""
    needed = {source for node in nodes.values() for source in node.inputs}
    return [name for name in nodes if name not in needed][-1]


def _places(nodes):
    """Column and row of each node: as far right as its inputs demand, inputs beside their use."""
    column, order = {}, []
    todo = dict(nodes)
    while todo:
        ready = [n for n in todo.values() if all(source in column for source in n.inputs)]
        if not ready:
            unknown = {s for n in todo.values() for s in n.inputs if s not in nodes}
            if unknown:
                raise ValueError(f"graph: the inputs {sorted(unknown)} are no nodes")
            raise ValueError(f"graph: {sorted(todo)} need each other in a circle")
        for node in ready:
            column[node.name] = max((column[s] + 1 for s in node.inputs), default=0)
            order.append(node.name)
            del todo[node.name]
    users = {name: [n.name for n in nodes.values() if name in n.inputs] for name in nodes}
    for name in reversed(order):  # inputs move right, to the column before their first use
        if not nodes[name].inputs and users[name]:
            column[name] = min(column[u] for u in users[name]) - 1
    return _rows(nodes, column, users)


def _rows(nodes, column, users):
    """Rows by the mean of the neighbours' rows, a few times over; no two nodes in one place."""
    stacks = [
        [n for n in nodes if column[n] == c] for c in range(max(column.values(), default=0) + 1)
    ]
    row = {name: -float(i) for stack in stacks for i, name in enumerate(stack)}
    best, kept = None, row
    for sweep in range(24):
        down = sweep % 2 == 0
        for stack in stacks if down else reversed(stacks):
            beside = {n: nodes[n].inputs if down else users[n] for n in stack}
            wish = {
                n: float(np.mean([row[m] for m in beside[n]])) if beside[n] else row[n]
                for n in stack
            }
            stack.sort(key=lambda n, wish=wish: -wish[n])
            _spread(stack, wish, row)
        long = sum(abs(row[n] - row[m]) for n in nodes for m in nodes[n].inputs)
        cost = 3 * _crossings(nodes, column, row) + long
        if best is None or cost < best - 1e-9:
            best, kept = cost, dict(row)
    return {name: (column[name], kept[name]) for name in nodes}


def _spread(stack, wish, row):
    """Rows near the wishes, at least 1 apart, in the order of the stack from the top."""
    if not stack:
        return
    placed = [wish[stack[0]]]
    for name in stack[1:]:
        placed.append(min(wish[name], placed[-1] - 1))
    shift = float(np.mean([wish[n] for n in stack]) - np.mean(placed))
    for name, y in zip(stack, placed, strict=True):
        row[name] = y + shift


def _crossings(nodes, column, row):
    """Pairs of arrows that cross, and boxes that an arrow runs over."""
    pairs = [(m, n) for n in nodes for m in dict.fromkeys(nodes[n].inputs)]
    arrows = [(column[m], row[m], column[n], row[n]) for m, n in pairs]
    count = 0
    for i, (x0, y0, x1, y1) in enumerate(arrows):
        for u0, v0, u1, v1 in arrows[:i]:
            left, right = max(x0, u0), min(x1, u1)
            if left >= right:
                continue

            def at(x, a=(x0, y0, x1, y1), b=(u0, v0, u1, v1)):
                (p, q, r, s), (t, u, v, w) = a, b
                return q + (s - q) * (x - p) / (r - p) - u - (w - u) * (x - t) / (v - t)

            count += at(left) * at(right) < -1e-9
        for name in nodes:
            x, y = column[name], row[name]
            if x0 < x < x1:
                count += 2 * (abs(y0 + (y1 - y0) * (x - x0) / (x1 - x0) - y) < 0.45)
    return count


def _ports(nodes, centre, box):
    """Where each arrow leaves and enters: on the sides of the boxes, in the order of the others."""
    pairs = [(m, n) for n in nodes for m in dict.fromkeys(nodes[n].inputs)]
    ports = {}
    for pair in pairs:
        ends = []
        for here, there, side in ((pair[0], pair[1], 0.5), (pair[1], pair[0], -0.5)):
            others = sorted(
                (q[q[0] == here] for q in pairs if q[0 if side > 0 else 1] == here),
                key=lambda name: -centre[name][1],
            )
            share = (others.index(there) + 0.5) / len(others) if len(others) > 1 else 0.5
            ends.append(centre[here] + box * [side, 0.8 * (0.5 - share)])
        ports[pair] = ends
    return ports


def _arrows(ax, start, end, backward):
    """From box to box, forward, and the way back beside it."""
    aside = np.array([0, 0.06])
    look = dict(shrinkA=0, shrinkB=0, mutation_scale=13, lw=1.6)
    ax.annotate("", end + aside, start + aside, arrowprops=dict(arrowstyle="-|>", color=BLUE,
                **look))  # fmt: skip
    if backward:
        back = dict(arrowstyle="-|>", color=VERMILION, ls=(0, (3, 2)), **look)
        ax.annotate("", start - aside, end - aside, arrowprops=back)


def _title(node):
    """Name and formula."""
    formula = node.formula or ""
    return node.name if formula in ("", node.name) else f"{node.name} = {formula}"


def _box(ax, node, at, box, last, result):
    """A rounded box: formula, value, derivative."""
    from matplotlib.patches import FancyBboxPatch

    corner = at - box / 2
    ax.add_patch(
        FancyBboxPatch(
            corner,
            *box,
            boxstyle="round,pad=0,rounding_size=0.12",
            facecolor="white",
            edgecolor="0.2",
            lw=2.4 if result else 1.4,
            zorder=3,
        )
    )
    title = _title(node)
    size = min(12.0, 12.0 * box[0] / (0.088 * len(title)))  # a long formula is written smaller
    rows = [(title, "0.1", size), (_shown(node.value), BLUE, 12)]
    if node.derivative is not None:
        slope = f"\u2202{last}/\u2202{node.name} = {_shown(node.derivative)}"
        rows.append((slope, VERMILION, min(11.0, 11.0 * box[0] / (0.082 * len(slope)))))
    for k, (text, colour, fontsize) in enumerate(rows):
        y = at[1] + box[1] * (0.5 - (k + 0.5) / len(rows)) * 0.88
        ax.text(at[0], y, text, color=colour, fontsize=fontsize, ha="center", va="center",
                zorder=4, path_effects=halo())  # fmt: skip


def _shown(value):
    """A number, or a short array by its numbers, or a long one by its shape."""
    array = np.asarray(value, float)
    if not array.shape:
        return number(array)
    if array.size <= 3:
        return "(" + ", ".join(number(v, 3) for v in array.flat) + ")"
    return "(" + ", ".join(number(v, 2) for v in array.flat[:2]) + f", \u2026) {array.shape}"
