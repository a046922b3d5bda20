"""Markdown with formulas as plain text, for the terminal: headings underlined, formulas spelled,
paragraphs filled, also where characters are twice as wide."""

import re
import unicodedata

SYMBOLS = {
    **{f"\\{name}": chr(code) for name, code in (
        ("alpha", 0x3B1), ("sigma", 0x3C3), ("theta", 0x3B8), ("varphi", 0x3C6), ("Delta", 0x394),
        ("varepsilon", 0x3B5), ("kappa", 0x3BA), ("lambda", 0x3BB),
        ("partial", 0x2202), ("nabla", 0x2207), ("sum", 0x2211), ("prod", 0x220F),
        ("infty", 0x221E), ("cdot", 0xB7), ("times", 0xD7), ("le", 0x2264), ("ge", 0x2265),
        ("ne", 0x2260), ("approx", 0x2248), ("to", 0x2192), ("in", 0x2208), ("pm", 0xB1),
        ("mapsto", 0x21A6), ("circ", 0xB0), ("prime", 0x2032), ("dots", 0x2026),
    )},
    "\\bar{x}": "x\u0304", "\\quad": "   ", "\\,": " ", "\\;": " ", "\\!": "",
    "\\left": "", "\\right": "", "\\mathrm": "", "\\text": "", "\\log": "log", "\\ln": "ln",
    "\\exp": "exp", "\\min": "min", "\\max": "max", "\\lim": "lim", "\\cos": "cos", "\\sin": "sin",
    "\\{": "{", "\\}": "}", "\\|": "|",
}  # fmt: skip
PRIME = "\u2032"
UP = str.maketrans("0123456789+-()niTm", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱᵀᵐ")
DOWN = str.maketrans("0123456789+-()ijnxm", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎ᵢⱼₙₓₘ")
GROUP = r"\{((?:[^{}]|\{[^{}]*\})*)\}"


def readable(text, width=80):
    """Markdown as plain text: headings underlined, formulas spelled, paragraphs filled."""
    text = re.sub(r"\$\$([^$]+)\$\$", lambda found: f"\n\n    {formula(found[1])}\n\n", text)
    text = re.sub(r"\$([^$]+)\$", lambda found: formula(found[1]), text)
    text = re.sub(r"\*\*(.+?)\*\*", r"\1", text)
    text = re.sub(r"(?<![A-Za-z0-9*])\*(\S(?:[^*\n]*\S)?)\*(?![A-Za-z0-9*])", r"\1", text)
    text = re.sub(r"`([^`\n]+)`", r"\1", text)
    text = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", text)
    blocks = [block.strip("\n") for block in re.split(r"\n\s*\n", text) if block.strip()]
    return "\n\n".join(_block(block, width) for block in blocks)


def formula(text):
    """A formula in LaTeX as one line of text."""
    for _ in range(3):  # fractions within fractions
        text = re.sub(rf"\\[dt]?frac{GROUP}{GROUP}", _fraction, text)
        text = re.sub(rf"\\sqrt{GROUP}", r"√(\1)", text)
    text = re.sub(r"(\\partial|\\nabla)\s+", r"\1{}", text)
    for name in sorted(SYMBOLS, key=len, reverse=True):
        text = re.sub(re.escape(name) + ("(?![a-zA-Z])" if name[-1].isalpha() else ""),
                      lambda _, name=name: SYMBOLS[name], text)  # fmt: skip
    for mark, table in (("^", UP), ("_", DOWN)):
        text = re.sub(
            rf"\{mark}(?:{GROUP}|([^\s{{}}]))",
            lambda found, mark=mark, table=table: _raised(found, mark, table),
            text,
        )
    text = re.sub(r"\s+", " ", text.replace("{", "").replace("}", "").replace("&", " "))
    return re.sub(r" ([.,)\u00b2])", r"\1", text).strip()


def _fraction(found):
    over, under = (part if re.fullmatch(r"[\w\\^ ]+", part) else f"({part})"
                   for part in found.groups())  # fmt: skip
    return f"{over}/{under} "


def _raised(found, mark, table):
    inside = found[1] if found[1] is not None else found[2]
    if all(ord(character) in table for character in inside):
        return inside.translate(table)
    if inside == PRIME:
        return inside
    return f"{mark}{inside}" if len(inside) < 2 else f"{mark}({inside})"


def _block(block, width):
    heading = re.match(r"(#+) (.*)", block)
    if heading:
        return f"{heading[2]}\n{('=' if heading[1] == '#' else '-') * columns(heading[2])}"
    if block.startswith("    "):
        return block
    if block.startswith("|"):
        return _table(block)
    pieces = re.split(r"^(?=[-*] |\d+\. )", block, flags=re.MULTILINE)  # lists, item by item
    return "\n".join(filled(piece, width) for piece in pieces if piece.strip())


def filled(text, width):
    """Break a paragraph into lines: between words, and beside any Chinese character."""
    mark = re.match(r"[-*] |\d+\. |", text)[0]
    text = re.sub(r"(?<=[^\x00-\x7f])\n\s*(?=[^\x00-\x7f])", "", text[len(mark) :].strip())
    wide, closing = r"\u2e80-\uffef", r"\u3000-\u303f\uff00-\uff65"
    pieces = re.findall(rf"[{wide}][{closing}]*|[^\s{wide}]+[{closing}]*|\s+", text)
    lines, line = [], ""
    for piece in pieces:
        piece = " " if piece.isspace() else piece
        if line and columns(line + piece.rstrip()) > width - len(mark):
            lines.append(line.rstrip())
            line = ""
        line += piece if line or piece != " " else ""
    return mark + ("\n" + " " * len(mark)).join([*lines, line.rstrip()])


def columns(text):
    """Columns of the terminal that a text takes: Chinese characters are twice as wide."""
    return sum(
        0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF")
        for one in text
    )


def _table(block):
    """A table of Markdown with its columns side by side."""
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")]
            for line in block.splitlines()]  # fmt: skip
    rows = [row for row in rows if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]
    wide = [max(columns(row[i]) for row in rows) for i in range(len(rows[0]))]

    def line(row):
        padded = (cell + " " * (w - columns(cell)) for cell, w in zip(row, wide, strict=True))
        return "  ".join(padded).rstrip()

    return "\n".join([line(rows[0]), "  ".join("-" * w for w in wide), *map(line, rows[1:])])
