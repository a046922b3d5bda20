# ruff: noqa: RUF001 - Chinese has full-width punctuation
"""What the pictures of the lecture say, in English and in Chinese.

Each entry is a pair. Names in braces are filled in by the picture; numbers come as text, from
`number`. Entries that end in ``_alt`` are the sentence for those who do not see the picture: what
is found, with the numbers.
"""

import math
import os

LANGUAGES = "en", "zh"
RAISED = str.maketrans(
    "-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
)

WORDS = {
    # slopes
    "function": ("function {name}", "函数 {name}"),
    "derivative_of": ("its derivative {name}", "导函数 {name}"),
    "secant": ("secant, step {h}: slope {slope}", "割线，步长 {h}：斜率 {slope}"),
    "tangent": ("tangent: slope {slope}", "切线：斜率 {slope}"),
    "rise": ("rise {rise}", "上升 {rise}"),
    "run": ("step {h}", "步长 {h}"),
    "secants_alt": (
        "As the step shrinks from {first} to {last}, the slope of the secant at {x} goes from "
        "{slope_first} to {slope_last}; the tangent has slope {slope}.",
        "步长从 {first} 缩小到 {last} 时，{x} 处割线的斜率从 {slope_first} 变为 {slope_last}；"
        "切线的斜率为 {slope}。",
    ),
    "straight_alt": (
        "The function is a straight line near {x}: with every step the slope is {slope}.",
        "函数在 {x} 附近是一条直线：无论步长多大，斜率都是 {slope}。",
    ),
    "no_tangent_alt": (
        "There is no tangent at {x}: the slope is {left} from the left and {right} from the right.",
        "{x} 处没有切线：左侧斜率为 {left}，右侧斜率为 {right}。",
    ),
    "left_slope": ("from the left: slope {slope}", "左侧：斜率 {slope}"),
    "right_slope": ("from the right: slope {slope}", "右侧：斜率 {slope}"),
    "step": ("step h", "步长 h"),
    "error_of_slope": ("error of the slope", "斜率的误差"),
    "forward": ("forward difference", "前向差分"),
    "central": ("central difference", "中心差分"),
    "best_step": ("best: {error} at h = {h}", "最小误差 {error}，h = {h}"),
    "rounding": ("\u2190 rounding takes over", "\u2190 舍入误差占主导"),
    "error_alt": (
        "The forward difference is best at step {forward_h}, with error {forward}, the central one "
        "at {central_h}, with error {central}; smaller steps lose to rounding.",
        "前向差分在步长 {forward_h} 处误差最小，为 {forward}；"
        "中心差分在步长 {central_h} 处误差最小，"
        "为 {central}；步长再小，舍入误差就占了上风。",
    ),
    "exact": ("exact ({count} steps)", "无误差（{count} 个步长）"),
    "slope_at": ("slope {slope}", "斜率 {slope}"),
    "value_at": ("value {value}", "值 {value}"),
    "slope": ("slope", "斜率"),
    "derivative_alt": (
        "The height of the derivative is the slope of the function: {pairs}.",
        "导函数的高度就是函数的斜率：{pairs}。",
    ),
    "pair": ("{slope} at {x}", "在 {x} 处为 {slope}"),
    # gradients
    "partial": ("\u2202f/\u2202{name} = {value}", "\u2202f/\u2202{name} = {value}"),
    "gradient_length": ("gradient: length {length}", "梯度：长度 {length}"),
    "angle": ("{angle}\u00b0", "{angle}\u00b0"),
    "projection": ("slope at {angle}\u00b0: {slope}", "{angle}\u00b0 方向的斜率：{slope}"),
    "legs_alt": (
        "The partial derivatives {dx} and {dy} are the legs of a right triangle, the gradient is "
        "its hypotenuse: length {length}, angle {angle}\u00b0.",
        "偏导数 {dx} 与 {dy} 是直角三角形的两条直角边，梯度是斜边：长度 {length}，方向 "
        "{angle}\u00b0。",
    ),
    "legs_projection_alt": (
        " Its projection on the direction of {angle}\u00b0, {slope}, is the slope there.",
        "它在 {angle}\u00b0 方向上的投影 {slope} 就是该方向的斜率。",
    ),
    "along": ("along {name}: slope {slope}", "沿 {name} 方向：斜率 {slope}"),
    "steepest": ("steepest ascent: slope {slope}", "最陡上升方向：斜率 {slope}"),
    "hill": ("the hillside and three slopes at the point", "山坡与该点处的三个斜率"),
    "map": ("the map: arrows point uphill", "等高线图：箭头指向上坡"),
    "hillside_alt": (
        "At ({x}, {y}) the hillside rises with slope {dx} along {x_name}, {dy} along {y_name}, and "
        "{length} in the direction of the gradient, {angle}\u00b0; the arrows of the gradient "
        "cross the contour lines at right angles.",
        "在 ({x}, {y}) 处，山坡沿 {x_name} 方向的斜率为 {dx}，沿 {y_name} 方向为 {dy}，沿梯度方向"
        "（{angle}\u00b0）为 {length}；梯度箭头与等高线垂直。",
    ),
    "uphill": ("uphill", "上坡"),
    "downhill": ("downhill", "下坡"),
    "polar": ("slope in each direction", "各个方向的斜率"),
    "level": ("level: slope 0", "水平：斜率 0"),
    "measured": ("measured", "实测"),
    "polar_alt": (
        "The slope is greatest, {length}, in the direction of the gradient, {angle}\u00b0, is 0 at "
        "right angles to it and {least} in the opposite direction.",
        "沿梯度方向（{angle}\u00b0）斜率最大，为 {length}；与梯度垂直的方向斜率为 0；相反方向为 "
        "{least}。",
    ),
    # descent
    "start": ("start", "起点"),
    "end": ("end", "终点"),
    "minimum": ("minimum", "最小值点"),
    "path": ("path, {n} steps", "路径，{n} 步"),
    "value": ("value", "函数值"),
    "iteration": ("iteration", "迭代次数"),
    "rate": ("learning rate {rate}", "学习率 {rate}"),
    "converged": ("converged", "收敛"),
    "max_iter": ("not yet there", "尚未收敛"),
    "diverged": ("diverges", "发散"),
    "edge": ("stops at the edge", "停在边界"),
    "leaves": ("leaves the picture", "超出图外"),
    "path_alt": (
        "Gradient descent goes from ({start}) to ({end}) in {n} steps; the value falls from "
        "{first} to {last}: {status}.",
        "梯度下降从 ({start}) 出发，经过 {n} 步到达 ({end})；"
        "函数值从 {first} 降到 {last}：{status}。",
    ),
    "path_rise_alt": (
        "Gradient descent goes from ({start}) to ({end}) in {n} steps; the value goes from "
        "{first} to {last}: {status}.",
        "梯度下降从 ({start}) 出发，经过 {n} 步到达 ({end})；"
        "函数值从 {first} 变为 {last}：{status}。",
    ),
    "contour_alt": (
        "The function runs from {low} to {high} over the region shown.",
        "在所示区域内，函数值从 {low} 到 {high}。",
    ),
    "rates_alt": (
        "By learning rate, the value after the last step: {list}.",
        "各学习率下最后一步的函数值：{list}。",
    ),
    "rate_item": ("{rate}: {value} ({status}, {n} steps)", "{rate}：{value}（{status}，{n} 步）"),
    # costs
    "log_loss": ("log loss", "对数损失"),
    "squared_error": ("squared error with a sigmoid", "平方误差（经 sigmoid）"),
    "cost": ("cost J", "成本函数 J"),
    "loss": ("loss L", "损失函数 L"),
    "weight": ("weight w", "权重 w"),
    "bias": ("bias b", "偏置 b"),
    "not_convex": ("bends down: not convex", "向下弯曲：非凸"),
    "lowest": ("lowest: {value} at {t}", "最低点：{t} 处为 {value}"),
    "falling": ("still falling: {value} at {t}", "仍在下降：{t} 处为 {value}"),
    "convex_part": ("{name} bends upward everywhere: convex", "{name}处处向上弯曲，是凸的"),
    "bent_part": (
        "{name} bends down over {share} % of the interval: not convex",
        "{name}在区间的 {share}% 上向下弯曲，不是凸的",
    ),
    "curves_alt": ("{parts}.", "{parts}。"),
    "surface_part": (
        "{name} is lowest, {value}, at ({x}, {y}), and bends down over {share} % of the area",
        "{name}在 ({x}, {y}) 处最低，为 {value}，在 {share}% 的区域上向下弯曲",
    ),
    "surface_convex_part": (
        "{name} is lowest, {value}, at ({x}, {y}), and bends upward everywhere: convex",
        "{name}在 ({x}, {y}) 处最低，为 {value}，处处向上弯曲，是凸的",
    ),
    # graph
    "forward_pass": ("forward: values", "前向：数值"),
    "backward_pass": ("backward: derivatives of {name}", "反向：{name} 的导数"),
    "graph_alt": (
        "Forward, {values}; backward, the derivatives of {name}: {derivatives}.",
        "前向计算：{values}；反向计算 {name} 的导数：{derivatives}。",
    ),
    # training
    "learning_curve": ("learning curve", "学习曲线"),
    "best_known": ("smallest possible: {value}", "可达到的最小值：{value}"),
    "curve_alt": (
        "The cost falls from {first} to {last} in {n} iterations; half of the way is made after "
        "{half}.",
        "成本函数在 {n} 次迭代中从 {first} 降到 {last}；前 {half} 次迭代走完了一半。",
    ),
    "curve_rise_alt": (
        "The cost goes from {first} to {last} in {n} iterations, and is lowest, {lowest}, after "
        "{best}.",
        "成本函数在 {n} 次迭代中从 {first} 变为 {last}；第 {best} 次迭代时最低，为 {lowest}。",
    ),
    "right_of": ("{correct} of {n} right", "{n} 个样本中 {correct} 个分对"),
    "after": ("after {k} iterations: {right}", "{k} 次迭代后：{right}"),
    "frame": ("iteration {k}: {right}", "第 {k} 次迭代：{right}"),
    "line_item": ("{name}: {right}", "{name}：{right}"),
    "boundary_alt": (
        "The boundary moves over {n} iterations until {last} of the {total} samples are on the "
        "right side; at first {first} were.",
        "经过 {n} 次迭代，决策边界移动到使 {total} 个样本中的 {last} 个位于正确一侧；开始时为 "
        "{first} 个。",
    ),
    "no_boundary": ("no boundary yet: one class for all", "还没有边界：全部判为同一类"),
    "boundaries_alt": (
        "Of {n} samples, on the right side of each line: {list}.",
        "{n} 个样本中位于各直线正确一侧的个数：{list}。",
    ),
    "points_alt": (
        "{n} samples in two columns: {counts}.",
        "两列数据中的 {n} 个样本：{counts}。",
    ),
    "count_item": ("{count} {name}", "{name} {count} 个"),
    "passes": ("passes over X", "遍历 X 的次数"),
    "gap": ("distance from the smallest cost", "与最小成本的差距"),
    "reaches": ("gap {target}", "差距 {target}"),
    "convergence_alt": (
        "Passes over the data until the cost is within {target} of the smallest: {list}.",
        "成本与最小值的差距缩小到 {target} 以内所需的遍历次数：{list}。",
    ),
    "pass_item": ("{name}: {passes} passes", "{name} 需 {passes} 次"),
    "not_reached": ("{name}: not within {passes} passes", "{name} 在 {passes} 次内未达到"),
    # how lists are joined
    "comma": (", ", "，"),
    "semicolon": ("; ", "；"),
}


def language():
    """That of the course at hand, which `fastgd.learn` puts in ``FASTGD_LANG``; else "en"."""
    lang = os.environ.get("FASTGD_LANG", "en")
    speaker(lang)  # refuses what it does not speak
    return lang


def speaker(lang):
    """The function that says an entry of `WORDS` in a language: ``say(key, **values)``."""
    if lang not in LANGUAGES:
        raise ValueError(f"lang must be 'en' or 'zh', found {lang!r}")
    place = LANGUAGES.index(lang)

    def say(key, **values):
        return WORDS[key][place].format(**values) if values else WORDS[key][place]

    return say


def listed(items, last=6):
    """Of a long list only the first and the last ones."""
    items = list(items)
    return items if len(items) <= last else [*items[: last - 1], "...", items[-1]]


def number(value, digits=4):
    """A number as one reads it: `digits` significant digits, no needless zeros, a true minus."""
    value = float(value)
    if math.isnan(value):
        return "?"
    if math.isinf(value):
        return "\u221e" if value > 0 else "\u2212\u221e"
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        power = int(exponent)
        if 0 <= power < 7:
            text = f"{value:.0f}"
        else:
            exponent = str(power).translate(RAISED)
            text = f"10{exponent}" if mantissa == "1" else f"{mantissa}\u00d710{exponent}"
    return "0" if text == "-0" else text.replace("-", "\u2212")
