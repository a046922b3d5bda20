"""The command line as a user meets it: arguments, exit codes, what is written where."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import EXAMPLE, fitted, write

import fastgd
from fastgd import cli, commands

pytest.importorskip("pyarrow")


def test_export_writes_a_function(run, model):
    code, out, err = run("export", model, "--to", "python")
    assert (code, err) == (0, "")
    names = {}
    exec(out, names)
    d = fastgd.load(model).n_features
    assert sum(names["score"]([0.5] * d)) == pytest.approx(1, abs=1e-12)


def test_info(run, model):
    code, out, err = run("info", model)
    assert (code, err) == (0, "")
    for text in ("bought: no (", "positive class is yes", "age", "town", "Scores on", "intercept"):
        assert text in out
    assert json.loads(run("info", model, "--json")[1])["target"]["name"] == "bought"


def test_info_of_the_installation(run):
    code, out, err = run("info")
    assert (code, err) == (0, "")
    assert fastgd.__version__ in out
    assert isinstance(json.loads(run("info", "--json")[1]), dict)


def test_models_that_are_none(run, model, people, tmp_path):
    code, _, err = run("predict", people[0], people[0])
    assert code == 1
    assert "not a fastgd model" in err
    cut = tmp_path / "cut"
    cut.write_bytes(model.read_bytes()[:-5])
    code, _, err = run("predict", cut, people[0])
    assert code == 1
    assert "cut short" in err
    plain = tmp_path / "plain"
    fastgd.fit(np.arange(9.0)[:, None] % 4, np.arange(9) % 2, l2=1.0).save(plain)
    code, _, err = run("predict", plain, people[0])
    assert code == 1
    assert "fitted on an array, whose columns have no names" in err
    code, _, err = run("evaluate", plain, people[0])
    assert code == 1
    assert "saved from Python, which does not know its target" in err


def test_saved_model_is_an_ordinary_model_too(model):
    fit = fastgd.load(model)
    assert fit.coef.shape == (5,)
    assert fit.converged


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["frobnicate"],
        ["fit", "x.csv"],
        ["fit", "x.csv", "--target", "y", "--l2", "-1"],
        ["fit", "x.csv", "--target", "y", "--l2", "nan"],
        ["fit", "x.csv", "--target", "y", "--test-size", "1"],
        ["fit", "x.csv", "--target", "y", "--seed", "-1"],
        ["fit", "x.csv", "--target", "y", "--tol", "0"],
        ["fit", "x.csv", "--target", "y", "--threads", "0"],
        ["fit", "x.csv", "--target", "y", "--sep", "::"],
        ["predict", "m"],
        ["predict", "m", "x.csv", "--unseen", "guess"],
        ["predict", "m", "x.csv", "--output", "x.txt"],
        ["evaluate", "m"],
        ["evaluate", "m", "x.csv", "--sep", ",", "--decimal", ","],
        ["fit", "x.csv", "--target", "y", "--sep", ",", "--decimal", ","],
        ["fit", "x.csv", "--target", "y", "--decimal", ";"],
        ["fit", "x.csv", "--target", "y", "--encoding", "klingon"],
        ["fit", "x.csv", "--target", "y", "--encoding", "base64"],
        ["fit", "x.csv", "--target", "y", "--test", "z.csv", "--test-size", "0.1"],
        ["fit", "x.csv", "--target", "y", "--refit", "--test-size", "0"],
        ["fit", "x.csv", "--target", "y", "--save", "m", "--report", "./m"],
        ["fit", "x.csv", "--target", "y", "--save", ""],
        ["fit", "x.csv", "--target", "y", "--test", ""],
        ["fit", "x.csv", "--target", "y", "--report", ""],
    ],
)
def test_usage_errors(run, argv):
    code, out, err = run(*argv)
    assert (code, out) == (2, "")
    assert "usage: fastgd" in err


@pytest.mark.parametrize("argv", [["--help"], ["fit", "--help"], ["bench", "--help"]])
def test_help(run, argv):
    code, out, err = run(*argv)
    assert (code, err) == (0, "")
    assert out.startswith("usage: fastgd")


def test_version(run):
    assert run("--version") == (0, f"fastgd {fastgd.__version__}\n", "")


def test_messages_stay_short(run, tmp_path):
    long = "x" * 100_000
    rows = [{"x": i % 5, "c": "uv"[i % 2], "y": "pq"[i // 2 % 2]} for i in range(40)]
    write(tmp_path / "a.csv", rows)
    fitted(run, tmp_path / "a.csv", "y", "--save", tmp_path / "m")
    write(
        tmp_path / "b.csv",
        [{**row, "c": long if i == 7 else row["c"]} for i, row in enumerate(rows)],
    )
    write(
        tmp_path / "c.csv",
        [{**row, "x": long if i == 7 else row["x"]} for i, row in enumerate(rows)],
    )
    write(
        tmp_path / "d.csv",
        [{**row, "y": long if i == 7 else row["y"]} for i, row in enumerate(rows)],
    )
    for argv in (
        ["predict", tmp_path / "m", tmp_path / "b.csv"],
        ["predict", tmp_path / "m", tmp_path / "b.csv", "--unseen", "ignore"],
        ["predict", tmp_path / "m", tmp_path / "c.csv"],
        ["evaluate", tmp_path / "m", tmp_path / "d.csv"],
        *(["fit", tmp_path / f"{name}.csv", "--target", "y"] for name in "bcd"),
        ["fit", tmp_path / "b.csv", "--target", "y", "--seed", 1],
        ["fit", tmp_path / "c.csv", "--target", "y", "--reference", "x=9"],
    ):
        _, out, err = run(*argv)
        assert 0 < len(out) + len(err) < 4000


@pytest.mark.parametrize("wrapped", [False, True])
def test_interrupt(wrapped, run, monkeypatch):
    def interrupt(args):
        if wrapped:  # as Python 3.11 does while a class is made
            raise RuntimeError("__set_name__") from KeyboardInterrupt()
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "fit_file", interrupt)
    assert run("fit", "x.csv", "--target", "y") == (130, "", "fastgd: interrupted\n")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ("fit x.csv --target y --reference race", "'race': wanted COLUMN=LEVEL"),
        ("export m --to onnx", "--to onnx needs --output FILE"),
        ("bench --seconds abc", "'abc': wanted a number above 0"),
        ("bench --C 0", "'0': wanted a number above 0"),
        ("bench --threads 0", "'0': wanted a whole number from 1"),
    ],
)
def test_what_no_argument_can_be_is_bad_usage(argv, said, run):
    code, out, err = run(*argv.split())
    assert (code, out) == (2, "") and said in err


def test_a_table_is_no_model(run, tmp_path):
    (tmp_path / "people.csv").write_text("age,income\n1,2\n")
    code, _, err = run("predict", tmp_path / "people.csv", tmp_path / "model")
    assert (
        code == 1 and "not a fastgd model" in err and "it begins like text, with 'age,inco'" in err
    )


@pytest.mark.parametrize("debug", [False, True])
def test_interrupt_while_the_package_is_imported(debug):
    script = (
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'numpy':\n"
        "            raise KeyboardInterrupt\n"
        "from fastgd_command import main\n"
        "sys.meta_path.insert(0, Finder())\n"
        "sys.exit(main())"
    )
    command = [sys.executable, "-c", script, "info"] + ["--debug"] * debug
    done = subprocess.run(command, capture_output=True, text=True)
    if debug:
        assert "Traceback" in done.stderr
    else:
        assert (done.returncode, done.stdout, done.stderr) == (130, "", "fastgd: interrupted\n")


def test_traceback_only_with_debug(run, monkeypatch):
    def fail(args):
        raise RuntimeError("surprise")

    monkeypatch.setattr(commands, "fit_file", fail)
    code, out, err = run("fit", "x.csv", "--target", "y")
    assert (code, out) == (1, "")
    assert err == "fastgd: internal error: RuntimeError('surprise') (--debug shows where)\n"
    with pytest.raises(RuntimeError, match="surprise"):
        cli.main(["fit", "x.csv", "--target", "y", "--debug"])


def test_without_pyarrow_the_message_says_what_to_install(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, out, err = run("fit", EXAMPLE, "--target", "diagnosis")
    assert (code, out) == (1, "")
    assert 'pip install "fastgd[cli]"' in err


def test_broken_pipe_is_quiet(people, model):
    """The reader closes after the first line, as `| head -1` does."""
    command = [sys.executable, "-m", "fastgd", "predict", str(model), str(people[0])]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    ) as child:
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait(timeout=60) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize("command", ["fit", "predict", "info"])
def test_a_full_disk_is_said(people, model, command):
    argv = {
        "fit": ["fit", str(people[0]), "--target", "bought"],
        "predict": ["predict", str(model), str(people[0])],
        "info": ["info"],
    }[command]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "fastgd", *argv], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert done.stderr == "fastgd: cannot write the output: No space left on device\n"


def test_closed_standard_error(run, monkeypatch):
    # print would take standard output instead
    monkeypatch.setattr(cli.sys, "stderr", None)
    assert run("info", "absent.fgd")[:2] == (1, "")


def test_closed_standard_output(run, people, model, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    argv = ["predict", str(model), str(people[0])]
    assert cli.main(argv) == 1
    assert cli.main([*argv, "--output", str(tmp_path / "o.csv")]) == 0
    assert (tmp_path / "o.csv").exists()


def test_codes_of_a_process(process, people, tmp_path):
    done = process("fit", people[0], "--target", "bought", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["target"]["positive"] == "yes"
    failed = process("fit", tmp_path / "absent.csv", "--target", "bought")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "Traceback" not in failed.stderr
    assert process("fit").returncode == 2


def test_importing_the_command_line_is_light():
    script = (
        "import sys, fastgd.cli; "
        "heavy = {'pyarrow', 'scipy', 'rich', 'fastgd.commands', 'fastgd.bench'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "[]\n"
