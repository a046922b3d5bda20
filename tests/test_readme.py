"""Every block of README.md does what it says."""

import doctest
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)

# What depends on the machine, the moment and the last bits of a sum, not on the problem.
CHANGING = [
    r"(?<=gap )\s*[\d.e-]+",
    r"\d+(?= passes)",
    r"\d+(?= iterations)",
    r"(?<=passes     )\d+",
    r"[\d.e-]+(?= s\))",
    r"(?<=seconds    )[\d.e-]+ \([\d.e-]+",
    r"(?<=instruction set )\w+",
]


def settled(text):
    for pattern in CHANGING:
        text = re.sub(pattern, "...", text)
    return text


class Settled(doctest.OutputChecker):
    def check_output(self, want, got, optionflags):
        return super().check_output(settled(want), settled(got), optionflags)


def run(command):
    """Run a `fastgd` command; return what it wrote to standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "fastgd", *shlex.split(command)[1:]],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_is_short_and_shows_what_it_must():
    assert TEXT.count("\n") <= 150
    assert [kind for kind, _ in BLOCKS] == ["sh", "python", "python", "python", "sh", "text", "sh"]
    commands = [block.strip() for kind, block in BLOCKS if kind == "sh"]
    assert commands[1:] == [
        'pip install ".[cli]" && fastgd fit src/fastgd/datasets/iris.csv --target class',
        'pip install ".[test]" && pytest',
    ]


def test_python():
    """The blocks one after the other, as one session."""
    blocks = "\n".join(block for kind, block in BLOCKS if kind == "python")
    test = doctest.DocTestParser().get_doctest(blocks, {}, "README.md", "README.md", 0)
    assert len(test.examples) > 8
    runner = doctest.DocTestRunner(checker=Settled(), verbose=False)
    report = []
    runner.run(test, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


@pytest.mark.parametrize("number", [k for k, (kind, _) in enumerate(BLOCKS) if kind == "sh"])
def test_commands(number):
    with open(ROOT / "pyproject.toml", "rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    for command in re.split(r"&&|\n", BLOCKS[number][1].strip()):
        match shlex.split(command):
            case ["pip", "install", target]:
                name = re.fullmatch(r"\.(?:\[(\w+)\])?", target)
                assert name and (name[1] is None or name[1] in extras), target
            case ["pytest"]:
                pass  # this is it
            case ["fastgd", *_]:
                kind, shown = BLOCKS[number + 1]
                assert kind == "text"
                assert settled(run(command)) == settled(shown)
            case _:
                pytest.fail(f"nothing runs {command!r}")


def test_files_named_exist():
    named = set(re.findall(r"`((?:\w+/)*\w+\.(?:md|cff|csv|py))`", TEXT)) | {"LICENSE"}
    assert len(named) > 4
    assert all((ROOT / name).exists() for name in named), named
