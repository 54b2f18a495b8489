"""Figures of notebook 04: the posture of a robot while its loss goes down."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from course_lib.lessons.robot import BODY
from course_lib.plots.static import static_artists
from course_lib.plots.style import COLOURS, figure

__all__ = [
    "joint_slopes",
    "loss_of_the_walk",
    "marionette",
    "robot",
    "robot_joints",
    "robot_room",
    "two_descents",
]

Point = tuple[float, float]
Body = Mapping[str, tuple[Point, Point]]

SLOPE = math.tan(math.radians(12))  # of the ground, through (0, BELOW)
BELOW = -7.1
LEFT, RIGHT, LOW, HIGH = -10.0, 10.0, -9.6, 10.4  # wider for a body that needs it
GHOST, NEAR, TRUNK, FAR = "#CFCFCF", COLOURS["ink"], "#4A4A4A", "#8F8F8F"
FAR_SIDE, TRUNK_SIDE, NEAR_SIDE = 3, 4, 5  # drawn in this order
HEAD, TIP = 1.15, 0.24  # radius of the head and of the antenna's tip, in decimetres
REACH = 11.2  # of the longest limbs, from the hip
LEAST, MOST = 1e-4, 300.0  # losses that are told apart, dm²
ARROW, STEEP = 4.0, 25.0  # the arrow of a slope so steep is so long, dm
THICK = {  # half the thickness of a segment at its beginning and at its end
    "spine": (0.85, 1.05),
    "neck": (0.45, 0.45),
    "shoulder": (0.52, 0.42),
    "elbow": (0.42, 0.3),
    "wrist": (0.32, 0.26),
    "hip": (0.78, 0.52),
    "knee": (0.52, 0.34),
    "ankle": (0.36, 0.28),
}


@figure(4.2, 4.2)
def robot(
    points: Body,
    target: Body | None = None,
    title: str = "",
    highlighted: str = "",
    room: float = 0.0,
    *,
    ax: Axes,
) -> None:
    """Draw a body on slanting ground; in grey the posture that is its target.

    points: where each segment begins and ends, as ``robot.body_points`` gives it,
    measured from the hip. The drawing moves each body up or down until it touches the
    ground. The joint ``highlighted`` is marked in blue, with its angle. ``room`` is
    the least margin on every side, dm (see ``robot_room``).
    """
    body = _on_the_ground(points)
    wider = max(room, robot_room(points))
    (left, right), low = (LEFT - wider, RIGHT + wider), LOW - wider
    _draw_slope(ax, left, right, low)
    if target:
        _draw_ghost(ax, _on_the_ground(target))
    _draw_body(ax, body)
    if highlighted:
        _draw_angle(ax, body, highlighted)
    dots = {
        order + 0.5: [
            start
            for joint, (start, _) in body.items()
            if _order(joint) == order and joint != highlighted
        ]
        for order in (FAR_SIDE, TRUNK_SIDE, NEAR_SIDE)
    }
    for order, places in dots.items():
        if places:
            _dots(ax, places, "parameter", COLOURS["ink"], 6, order)
    if highlighted:
        _dots(ax, [body[highlighted][0]], "gradient", "white", 11, 9)
    ax.set(xlim=(left, right), ylim=(low, HIGH + wider), aspect="equal")
    ax.set_title(title, y=1)  # given: quicker than a search for a free place
    ax.set_axis_off()


@figure(4.6, 4.6)
def marionette(
    points: Body,
    target: Body | None,
    slopes: Mapping[str, float],
    truth: Mapping[str, float] | None = None,
    title: str = "",
    highlighted: str = "",
    *,
    ax: Axes,
) -> None:
    """Draw a body held at its hip, and at the end of each limb which way blame points.

    A blue arrow says which way a turn of the limb's joint would lower the loss; the
    steeper the slope, the longer it is. ``truth`` adds the arrows of other slopes, in
    grey below them. The limb of the joint ``highlighted`` has a larger grip.
    """
    if target:
        _draw_ghost(ax, target)
    _draw_body(ax, points)
    if truth is not None:
        _draw_arrows(ax, points, truth, "#9A9A9A")
        words = "blue: its own slopes\ngrey: those of a nudge"
        _key_of_arrows(ax, words)
    _draw_arrows(ax, points, slopes, COLOURS["gradient"])
    ends = [end for joint, (_, end) in points.items() if joint != highlighted]
    _dots(ax, [(0.0, 0.0)], "quiet", "white", 9, 7)
    _dots(ax, ends, "parameter", COLOURS["ink"], 6, 9)
    if highlighted:
        _dots(ax, [points[highlighted][1]], "parameter", COLOURS["ink"], 11, 9)
    ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
    ax.set_title(title, y=1.0)  # no search for a place: that takes half of the time
    ax.set_axis_off()


@static_artists
def _key_of_arrows(ax: Axes, words: str) -> None:
    look = {"size": 10, "color": COLOURS["quiet"], "va": "bottom", "zorder": 0}
    ax.text(-REACH, -REACH, words, **look)


def _draw_arrows(
    ax: Axes, points: Body, slopes: Mapping[str, float], colour: str
) -> None:
    """Draw an arrow at the end of each limb, against its joint's slope."""
    places, ways = [], []
    for joint, ((x0, y0), (x1, y1)) in points.items():
        length, slope = math.dist((x0, y0), (x1, y1)), slopes[joint]
        far = -math.copysign(ARROW * min(1.0, abs(slope) / STEEP) ** 0.5, slope)
        if abs(far) > 0.15:
            places.append((x1, y1))  # a larger angle turns the limb clockwise
            ways.append(((y1 - y0) * far / length, (x0 - x1) * far / length))
    if places:
        ax.quiver(
            *zip(*places, strict=True),
            *zip(*ways, strict=True),
            angles="xy",
            scale_units="xy",
            scale=1,
            color=colour,
            edgecolor="white",
            linewidth=0.6,
            width=0.011,
            headwidth=3.6,
            headlength=4.2,
            headaxislength=3.8,
            minlength=0,
            zorder=8,
        )


@static_artists
def _draw_slope(ax: Axes, left: float, right: float, low: float) -> None:
    slope = [BELOW + SLOPE * x for x in (left, right)]
    ax.fill_between((left, right), slope, low, color="#F1EFEA", lw=0)
    ax.plot((left, right), slope, color=COLOURS["quiet"], lw=1.5, zorder=1)


@static_artists
def _draw_ghost(ax: Axes, body: Body) -> None:
    _draw_body(ax, body, ghost=True)


def robot_joints(points: Body) -> dict[str, Point]:
    """Return where a drawing shows each joint, in the order of the body."""
    return {joint: start for joint, (start, _) in _on_the_ground(points).items()}


def robot_room(points: Body) -> float:
    """Return the margin a body needs beyond the usual limits, dm: mostly 0."""
    body = _on_the_ground(points)
    return max(0.0, *(_overhang(centre, r) for centre, r in _discs(body)))


def _dots(
    ax: Axes, places: list[Point], kind: str, rim: str, size: int, order: float
) -> None:
    ax.plot(
        *zip(*places, strict=True),
        "o",
        color=COLOURS[kind],
        markeredgecolor=rim,
        markersize=size,
        zorder=order,
    )


def _overhang(centre: Point, radius: float) -> float:
    """Return how far a disc reaches beyond the usual limits; negative: inside."""
    (x, y), margin = centre, radius + 0.2
    return max(LEFT - x, x - RIGHT, y - HIGH) + margin


def _draw_angle(ax: Axes, body: Body, joint: str) -> None:
    """Draw the angle between a limb and the one before it."""
    before = {segment.joint: segment.hangs_on for segment in BODY}[joint]
    (x, y), end = body[joint]
    line = _direction(*body[before]) if before else math.pi / 2  # or straight up
    turn = math.remainder(_direction((x, y), end) - line, math.tau)
    arc = [line + turn * k / 24 for k in range(25)]
    blue, radius = COLOURS["gradient"], 2.4
    halo = {"path_effects": [withStroke(linewidth=4, foreground="white")]}
    rays = (line, line + turn)
    for ray, dashes in zip(rays, ((0, (3, 2)), "-"), strict=True):
        tip = x + 3.0 * math.cos(ray), y + 3.0 * math.sin(ray)
        way = zip((x, y), tip, strict=True)
        ax.plot(*way, color=blue, lw=1.5, ls=dashes, zorder=7, **halo)
    ax.plot(
        [x + radius * math.cos(t) for t in arc],
        [y + radius * math.sin(t) for t in arc],
        color=blue,
        lw=2.5,
        zorder=8,
        **halo,
    )
    ax.text(
        *_free_place((x, y), radius + 1.5, line + turn / 2, rays, body),
        f"{math.degrees(-turn):.0f}°".replace("-", "−"),
        color=blue,
        weight="bold",
        ha="center",
        va="center",
        zorder=9,
        **halo,
    )


def _free_place(
    joint: Point, far: float, wanted: float, rays: Sequence[float], body: Body
) -> Point:
    """Return a place for a word near a joint, away from limbs and from the rays.

    Of the directions around the joint, the one nearest to the wanted one that is free;
    the freest one if none is.
    """
    (x, y), best = joint, (-math.inf, joint)
    crowd = [
        (x0 + k / 4 * (x1 - x0), y0 + k / 4 * (y1 - y0))
        for (x0, y0), (x1, y1) in body.values()
        for k in range(5)
    ]
    crowd += [_head(body)[0]]
    crowd += [
        (x + r * math.cos(ray), y + r * math.sin(ray)) for ray in rays for r in (2, 3)
    ]
    for k in range(16):
        way = wanted + math.tau * k / 16
        place = x + far * math.cos(way), y + far * math.sin(way)
        room = min(math.dist(place, point) for point in crowd)
        turned = abs(math.remainder(way - wanted, math.tau))
        inside = LEFT + 1 < place[0] < RIGHT - 1 and LOW + 1 < place[1] < HIGH - 1
        best = max(best, (min(room, 1.6) - 0.1 * turned - 5 * (not inside), place))
    return best[1]


def _direction(start: Point, end: Point) -> float:
    return math.atan2(end[1] - start[1], end[0] - start[0])


def _draw_body(ax: Axes, body: Body, ghost: bool = False) -> None:
    """Draw the limbs, far ones first, and the head with its eye and antenna."""
    for order, ink in {FAR_SIDE: FAR, TRUNK_SIDE: TRUNK, NEAR_SIDE: NEAR}.items():
        joints = [joint for joint in body if _order(joint) == order]
        shapes = [_limb(*body[joint], *_thickness(joint)) for joint in joints]
        ax.add_collection(
            PolyCollection(
                shapes,
                facecolors=GHOST if ghost else ink,
                edgecolors=GHOST if ghost else "white",
                linewidths=0.8,
                zorder=2 if ghost else order,
            ),
            autolim=False,
        )
    (x, y), (ahead_x, ahead_y) = centre, ahead = _head(body)
    up_x, up_y = -ahead_y, ahead_x
    ring = [2 * math.pi * k / 32 for k in range(32)]
    skull = [(x + HEAD * math.cos(t), y + HEAD * math.sin(t)) for t in ring]
    eye = [
        (
            x + 0.5 * ahead_x + 0.28 * math.cos(t) + 0.1 * up_x,
            y + 0.5 * ahead_y + 0.28 * math.sin(t) + 0.1 * up_y,
        )
        for t in ring
    ]
    antenna = _limb(*_antenna(centre, ahead), 0.08, TIP)
    ink = GHOST if ghost else NEAR
    ax.add_collection(
        PolyCollection(
            [antenna, skull, eye],
            facecolors=[ink, ink, "white"],
            edgecolors=[ink, ink if ghost else "white", "white"],
            linewidths=0.8,
            zorder=2 if ghost else NEAR_SIDE + 0.6,
        ),
        autolim=False,
    )


def _order(joint: str) -> int:
    """Return the zorder of a limb: those farther from the viewer first."""
    return {"left": FAR_SIDE, "right": NEAR_SIDE}.get(joint.split()[0], TRUNK_SIDE)


def _thickness(joint: str) -> tuple[float, float]:
    return THICK[joint.split()[-1]]


def _head(body: Body) -> tuple[Point, Point]:
    """Return the centre of the head, and the direction in which it looks."""
    (x0, y0), (x1, y1) = body["neck"]
    length = math.dist((x0, y0), (x1, y1))
    up_x, up_y = (x1 - x0) / length, (y1 - y0) / length
    return (x1 + 0.6 * up_x, y1 + 0.6 * up_y), (up_y, -up_x)


def _antenna(centre: Point, ahead: Point) -> tuple[Point, Point]:
    """Return where the antenna begins and ends: on top of the head."""
    (x, y), (up_y, up_x) = centre, ahead
    bottom, top = [(x - far * up_x, y + far * up_y) for far in (HEAD, HEAD + 0.8)]
    return bottom, top


def _limb(start: Point, end: Point, thick: float, thin: float) -> list[Point]:
    """Return the outline of a limb: two round ends and what lies between."""
    way = math.atan2(end[1] - start[1], end[0] - start[0])
    half = [math.pi * (0.5 + k / 8) for k in range(9)]
    back = [(way + t, start, thick) for t in half]
    front = [(way + t + math.pi, end, thin) for t in half]
    return [(x + r * math.cos(t), y + r * math.sin(t)) for t, (x, y), r in back + front]


def _on_the_ground(points: Body) -> Body:
    """Return the body moved up or down until its lowest part touches the ground."""
    gap = min(
        (y - BELOW - SLOPE * x) - radius * math.hypot(1, SLOPE)
        for (x, y), radius in _discs(points)
    )
    return {
        joint: ((x0, y0 - gap), (x1, y1 - gap))
        for joint, ((x0, y0), (x1, y1)) in points.items()
    }


def _discs(points: Body) -> Iterator[tuple[Point, float]]:
    """Yield every round end, of limbs, head and antenna: (centre, radius)."""
    for joint, ends in points.items():
        yield from zip(ends, _thickness(joint), strict=True)
    centre, ahead = _head(points)
    yield centre, HEAD
    yield _antenna(centre, ahead)[1], TIP


@figure(8.0, 3.4)
def loss_of_the_walk(
    losses: Sequence[float],
    shown: Mapping[int, str] | None = None,
    *,
    here: int | None = None,
    ax: Axes,
) -> None:
    """Draw the loss by step on a log axis; ``shown`` labels some, ``here`` is one."""
    ax.plot(range(len(losses)), losses, color=COLOURS["loss"])
    for step, name in (shown or {}).items():
        ax.plot(step, losses[step], "o", color=COLOURS["loss"], markersize=9)
        at_the_end = step > 0.8 * len(losses)
        ax.annotate(
            name,
            (step, losses[step]),
            xytext=(4, 12) if at_the_end else (10, 8),
            textcoords="offset points",
            weight="bold",
            ha="right" if at_the_end else "left",
        )
    if here is not None:
        dot = {"color": COLOURS["loss"], "mec": "white", "mew": 1.8, "clip_on": False}
        ax.plot(here, losses[here], "o", ms=11, zorder=4, **dot)
    ax.set(yscale="log", xlabel="step", ylabel="loss, dm²", xlim=(-5, len(losses) + 4))
    ax.margins(y=0.12)
    ax.grid(True, axis="y")


@figure(5.0, 4.6)
def two_descents(
    by_hand: Sequence[float],
    by_engine: Sequence[float],
    until: int,
    engine: str = "autograd",
    title: str = "",
    *,
    ax: Axes,
) -> None:
    """Draw the loss after each turn by hand, and after each step of an engine.

    The axes stay: ``until`` is the last step, and losses below 0.0001 lie on the rim.
    """
    until = max(until, len(by_hand) - 1)
    curves = (
        (by_engine, engine, "loss", "default"),
        (by_hand, "you", "other", "steps-post"),
    )
    halo = {"path_effects": [withStroke(linewidth=4, foreground="white")]}
    for losses, name, colour, style in curves:
        if not losses:
            continue
        shown = [min(max(loss, LEAST), MOST) for loss in losses]
        ax.plot(range(len(shown)), shown, color=COLOURS[colour], drawstyle=style)
        x, y = len(shown) - 1, shown[-1]
        ax.plot(x, y, "o", color=COLOURS[colour], markersize=8)
        at_the_end = x > 0.75 * until
        below = name == "you" and by_engine and by_engine[-1] > y / 3
        ax.annotate(
            name,
            (x, y),
            xytext=(-4 if at_the_end else 8, -16 if below else 8),
            textcoords="offset points",
            color=COLOURS[colour],
            weight="bold",
            ha="right" if at_the_end else "left",
            **halo,
        )
    ax.set(yscale="log", xlim=(-0.02 * until, 1.02 * until), ylim=(LEAST / 2, 2 * MOST))
    ax.set(xlabel="turns by hand, or steps", ylabel="loss, dm²")
    ax.set_title(title, y=1.0)
    ax.grid(True, axis="y")


@figure(8.0, 4.6)
def joint_slopes(
    joints: Sequence[str],
    slopes: Sequence[float],
    by_jax: Sequence[float] | None = None,
    highlighted: str = "",
    reach: float | None = None,
    *,
    ax: Axes,
) -> None:
    """Draw the loss's derivative by joint as bars, those of a second engine as rings.

    The joint ``highlighted`` stands out. With ``reach``, the largest slope that will
    come, the axis stays as it is; it is logarithmic but for its middle.
    """
    rows = range(len(joints))
    blue, pale = COLOURS["gradient"], "#A9CCE3"
    colours = [pale if highlighted not in ("", joint) else blue for joint in joints]
    for row, slope, colour in zip(rows, slopes, colours, strict=True):
        bar = Rectangle((0, row - 0.3), slope, 0.6, color=colour, lw=0)
        ax.add_patch(bar)
    ax.patches[0].set_label("Value")
    ax.autoscale_view()
    if by_jax is not None:
        ax.plot(
            by_jax,
            rows,
            "o",
            color="none",
            markeredgecolor=COLOURS["ink"],
            markeredgewidth=2,
            markersize=9,
            label="jax.grad",
        )
        ax.legend(loc="best")
    ax.axvline(0, color=COLOURS["quiet"], lw=1)
    ax.set_yticks(rows, joints)
    ax.set_ylim(len(joints) - 0.5, -0.5)
    if reach is None:
        ax.set_xlabel("slope of the loss for this joint, dm² per radian")
        ax.margins(x=0.08)
        return
    ax.set(xlabel="dm² per radian (each mark: × 100)")
    ax.set_title("slope of every joint", y=1)
    ax.set_xscale("symlog", linthresh=1e-4, linscale=0.3)
    ticks = [sign * 10.0**k for k in (-3, -1, 1) for sign in (-1, 1)]
    ticks = [0.0, *(tick for tick in ticks if abs(tick) < reach)]
    ax.set_xticks(ticks, [f"{tick:g}".replace("-", "−") for tick in ticks])
    ax.set_xlim(-1.3 * reach, 1.3 * reach)
    ax.minorticks_off()
    if max(map(abs, slopes)) < 0.01:
        words = "every slope is nearly 0:\nno turn would lower the loss"
        middle = {"transform": ax.transAxes, "ha": "center", "va": "center"}
        ax.text(0.5, 0.5, words, color=COLOURS["quiet"], size=10, **middle)
