"""Models saved and loaded: round trips of both kinds, and files damaged in thousands of ways."""

import copy
import json
import os

import numpy as np
import pytest

import fastgd
from fastgd import cli, modelfile

estimators = pytest.importorskip("fastgd.estimators")


def rows(rng, classes, d=3, n=60):
    X = rng.normal(size=(n, d))
    y = np.argmax(X @ rng.normal(size=(d, classes)) + rng.gumbel(size=(n, classes)), axis=1)
    return X, y


def models(rng, folder):
    """One of each kind of model, as name: (bytes, columns)."""
    X, y = rows(rng, 2)
    wide, several = rows(rng, 3)
    apart = np.where(X[:, 0] > 0, "b", "a")
    found = {
        "binary": fastgd.fit(X, np.array(["no", "yes"])[y], l2=0.1, record=True),
        "multinomial": fastgd.fit(wide, several, l2=np.array([0.1, 0.2, 0.3])),
        "estimator": fastgd.LogisticRegression(class_weight={0: 1.0, 1: 2.0}).fit(X, y),
        "cv": fastgd.LogisticRegressionCV(Cs=[0.1, 1.0], cv=2).fit(wide, several),
    }
    with pytest.warns(fastgd.SeparationWarning):
        found["separated"] = fastgd.fit(X, apart)
    try:
        import pandas as pd
    except ImportError:
        pass
    else:
        frame = pd.DataFrame({"x": X[:, 0], "kind": [*"uvw"] * 20})
        found["coded"] = fastgd.LogisticRegression().fit(frame, y)
    for name, model in found.items():
        model.save(folder / name)
    table = ["x,kind,y", *(f"{a:.3f},{'uvw'[i % 3]},{'tf'[b]}" for i, (a, b) in
             enumerate(zip(X[:, 0], y, strict=True)))]  # fmt: skip
    (folder / "table.csv").write_text("\n".join(table))
    assert cli.main(["fit", str(folder / "table.csv"), "--target", "y", "--save",
                     str(folder / "table")]) == 0  # fmt: skip
    return {name: (folder / name).read_bytes() for name in [*found, "table"]}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("labels", ["int", "text", "object"])
def test_estimator_comes_back(rng, tmp_path, dtype, classes, labels):
    X, y = rows(rng, classes)
    X = X.astype(dtype)
    if labels != "int":
        y = np.array(["aa", "b", "größe"], object if labels == "object" else None)[y]
    model = fastgd.LogisticRegression(C=np.float64(0.5), class_weight="balanced").fit(X, y)
    model.save(tmp_path / "model")
    again = fastgd.load(tmp_path / "model")
    assert type(again) is type(model)
    assert again.get_params() == model.get_params()
    for name in ("coef_", "intercept_", "classes_", "n_iter_"):
        left, right = getattr(again, name), getattr(model, name)
        assert left.dtype == right.dtype and np.array_equal(left, right), name
    assert again.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()
    assert (again.predict(X) == model.predict(X)).all()
    assert again.result_.coef.tobytes() == model.result_.coef.tobytes()
    assert (again.l2_, again.n_features_in_) == (model.l2_, model.n_features_in_)


@pytest.mark.parametrize("dtype", [*"bBhHiIlLqQefd", "bool", ">i2", ">f4"])
def test_labels_of_any_number_type_come_back(rng, tmp_path, dtype):
    X, y = rows(rng, 2)
    y = y.astype(dtype)
    strengths = np.array([1, 2]).astype(dtype if dtype != "bool" else np.uint8)
    for model in (
        fastgd.LogisticRegression(),
        fastgd.LogisticRegressionCV(Cs=strengths, cv=2),
        fastgd.LogisticRegressionCV(Cs=2, cv=2, class_weight={y.min(): 1.0, y.max(): 2.0}),
    ):
        model.fit(X, y).save(tmp_path / "model")
        again = fastgd.load(tmp_path / "model")
        assert again.classes_.dtype == model.classes_.dtype.newbyteorder("=")
        assert np.array_equal(again.classes_, model.classes_)
        assert np.array_equal(again.result_.classes, model.result_.classes)
        assert np.array_equal(again.get_params().get("Cs"), model.get_params().get("Cs"))
        assert again.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()


def test_labels_of_bytes_are_refused(rng, tmp_path):
    X, y = rows(rng, 2)
    y = np.array([b"no", b"yes"])[y]
    for model in (
        fastgd.fit(X, y, l2=0.1),
        fastgd.LogisticRegression().fit(X, y),
        fastgd.LogisticRegressionCV(Cs=2, cv=2).fit(X, y),
    ):
        with pytest.raises(ValueError, match=r"labels are bytes \(dtype \|S3\).*np.char.decode"):
            model.save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("l2", [np.float32(0.1), np.int64(1), np.array(0.1), True, 1])
def test_penalties_of_any_type_come_back(rng, tmp_path, l2):
    X, y = rows(rng, 2)
    fits = [fastgd.fit(X, y, l2=l2)]
    if not isinstance(l2, np.ndarray):  # which scikit-learn refuses
        fits.append(fastgd.LogisticRegression(l2=l2).fit(X, y).result_)
        alone = fastgd.LogisticRegression(l2=l2).fit(X, y, (y == 1).astype(float))
        fits.append(alone.result_)
    for fit in fits:
        fit.save(tmp_path / "model")
        again = fastgd.load(tmp_path / "model")
        assert type(again.l2) is type(fit.l2) is float and again.l2 == fit.l2 == float(l2)


@pytest.mark.parametrize("C", [np.float32(0.1), np.float16(0.1), np.int64(3)])
def test_the_penalty_of_C_is_a_double(rng, tmp_path, C):
    X, y = rows(rng, 2)
    model = fastgd.LogisticRegression(C=C).fit(X, y)
    model.save(tmp_path / "model")
    again = fastgd.load(tmp_path / "model")
    assert type(again.l2_) is float and again.l2_ == model.l2_ == 1 / (float(C) * len(y))
    assert again.C == C


@pytest.mark.parametrize("legacy", [False, True])
def test_cv_comes_back(rng, tmp_path, legacy):
    X, y = rows(rng, 3)
    model = fastgd.LogisticRegressionCV(Cs=3, cv=2, use_legacy_attributes=legacy).fit(X, y)
    model.save(tmp_path / "model")
    again = fastgd.load(tmp_path / "model")
    if legacy:
        assert list(again.scores_) == [0, 1, 2]
        assert all(np.array_equal(again.scores_[k], model.scores_[k]) for k in range(3))
    else:
        assert np.array_equal(again.scores_, model.scores_)
    assert np.array_equal(again.C_, model.C_) and np.array_equal(again.Cs_, model.Cs_)
    assert again.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()
    assert again.fit(X, y).scores_ is not None  # its default parameters are the default's own


def test_frames_and_sparse_coefficients(rng, tmp_path):
    pd = pytest.importorskip("pandas")
    X, y = rows(rng, 2)
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    model = fastgd.LogisticRegression(l2=[0.1, 0.2, 0.3]).fit(frame, y).sparsify()
    model.save(tmp_path / "model")
    again = fastgd.load(tmp_path / "model")
    assert again.feature_names_in_.tolist() == ["a", "b", "c"]
    assert (again.coef_ != model.coef_).nnz == 0
    assert np.array_equal(again.predict_proba(frame), model.predict_proba(frame))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("numbered", [False, True])
def test_estimators_of_frames_with_texts(rng, tmp_path, classes, numbered):
    pd = pytest.importorskip("pandas")
    X, y = rows(rng, classes)
    frame = pd.DataFrame({"a": X[:, 0], "b": np.array(["u", "v", "w"])[np.arange(60) % 3]})
    if numbered:  # scikit-learn remembers only names that are texts
        frame.columns = [0, 1]
    for model in (fastgd.LogisticRegression(), fastgd.LogisticRegressionCV(Cs=2, cv=2)):
        model.fit(frame, y).save(tmp_path / "model")
        again = fastgd.load(tmp_path / "model")
        assert vars(again).keys() == vars(model).keys()
        assert again.coding_ == model.coding_
        assert np.array_equal(again.predict_proba(frame), model.predict_proba(frame))
    meta, arrays = estimators.storing.parts(model)
    meta["coding"]["columns"][0]["name"] = "c"
    meta["coding"]["columns"].append(meta["coding"]["columns"][0])
    modelfile.write(tmp_path / "model", meta, arrays)
    with pytest.raises(fastgd.DataError, match="model holds a damaged estimator"):
        fastgd.load(tmp_path / "model")


def test_what_cannot_be_saved_is_named(rng, tmp_path):
    from sklearn.exceptions import NotFittedError
    from sklearn.model_selection import KFold

    X, y = rows(rng, 2)
    with pytest.raises(NotFittedError):
        fastgd.LogisticRegression().save(tmp_path / "model")
    model = fastgd.LogisticRegressionCV(Cs=2, cv=KFold(2)).fit(X, y)
    with pytest.raises(TypeError, match="cv: a KFold cannot be stored without pickle"):
        model.save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []
    model.set_params(cv=2).save(tmp_path / "model")
    assert fastgd.load(tmp_path / "model").cv == 2

    class Mine(fastgd.LogisticRegression):
        pass

    with pytest.raises(TypeError, match="Mine cannot be stored"):
        Mine().fit(X, y).save(tmp_path / "mine")


@pytest.mark.parametrize("dtype", ["<U999999999", "|O4,O4", "M8[s]", "(2,)<U3", "V9", ["<U3"], 3])
def test_labels_of_a_hostile_dtype_are_not_allocated(rng, tmp_path, dtype):
    X, y = rows(rng, 2)
    meta, arrays = fastgd.fit(X, np.array(["a", "b"])[y], l2=1.0).parts()
    modelfile.write(tmp_path / "model", meta | {"classes_dtype": dtype}, arrays)
    with pytest.raises(fastgd.DataError, match="model holds a damaged fit: classes"):
        fastgd.load(tmp_path / "model")


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("class", "Pipeline"),
        ("params", {"C": -1.0}),
        ("params", {"n_jobs": 10**30}),
        ("params", {"nothing": 1}),
        ("params", {"C": {"array": "absent"}}),
        ("params", {"C": {"set": [1]}}),
        ("attributes", {}),
        ("attributes", {"__class__": 1}),
        ("result", {}),
    ],
)
def test_damaged_estimators_are_refused(rng, tmp_path, part, value):
    X, y = rows(rng, 2)
    model = fastgd.LogisticRegression().fit(X, y)
    meta, arrays = estimators.storing.parts(model)
    modelfile.write(tmp_path / "model", meta | {part: value}, arrays)
    with pytest.raises(fastgd.DataError, match="model holds a damaged estimator"):
        fastgd.load(tmp_path / "model")


def test_every_flipped_bit_is_noticed(rng, tmp_path):
    X, y = rows(rng, 2)
    fastgd.fit(X, y, l2=1.0).save(tmp_path / "model")
    data = (tmp_path / "model").read_bytes()
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 1 << (place % 8)
        target = tmp_path / f"flipped{place}"
        target.write_bytes(flipped)
        with pytest.raises(fastgd.DataError, match=f"flipped{place}"):
            fastgd.load(target)
        target.unlink()


def test_format_1_is_read_without_a_checksum(rng, tmp_path):
    X, y = rows(rng, 2)
    fit = fastgd.fit(X, y, l2=1.0)
    fit.save(tmp_path / "model")
    header, body = opened((tmp_path / "model").read_bytes())
    header["__metadata__"] |= {"format_version": "1"}
    del header["__metadata__"]["crc32"]
    head = json.dumps(header).encode()
    (tmp_path / "old").write_bytes(len(head).to_bytes(8, "little") + head + body)
    assert np.array_equal(fastgd.load(tmp_path / "old").coef, fit.coef)


# --- mutations ----------------------------------------------------------------------------------


def opened(data):
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def closed(head, body):
    """The bytes of a file whose checksum is right, whatever else is wrong with it."""
    length = len(head).to_bytes(8, "little")
    return b"".join(modelfile.sealed([length, head, body]))


STRANGE = [
    None, True, -1, 0, 1, 2, 2**31, 2**63, 2**64, 10**400, -0.0, 0.5, 1e308, "", "x", "\0",
    "\ud800", "inf", "<U999999999", "|O8", [], {}, [[]], [None], {"float": "nan"}, {"float": "inf"},
    {"array": "coef"}, {"array": "absent"}, {"tuple": [1]}, {"dict": [[1, 2]]}, {"dict": [[[], 1]]},
    "softmax", "squared_error", "log_loss", "fit", "estimator", ["a", "b"], [0, 1, 2],
]  # fmt: skip


def places(value):
    """All (container, key) of nested JSON."""
    found = []
    for key, item in list(value.items()) if isinstance(value, dict) else enumerate(value):
        found.append((value, key))
        if isinstance(item, dict | list):
            found += places(item)
    return found


def edit_json(random, value):
    found = places(value)
    container, key = found[random.integers(len(found))]
    kind = random.integers(5)
    if kind == 0:
        del container[key]
    elif kind == 1:
        other, its = found[random.integers(len(found))]
        container[key] = json.loads(json.dumps(other[its]))  # what stands elsewhere
    elif kind == 2 and isinstance(container, dict):
        container[key + random.choice(["_", " ", "\0", "é"])] = container.pop(key)
    elif kind == 3:
        for _ in range(random.integers(1, 4)):
            container[key] = [container[key]] if random.random() < 0.5 else {"list": container[key]}
    else:
        container[key] = copy.deepcopy(STRANGE[random.integers(len(STRANGE))])


def edited(random, data):
    """JSON edited at one to three places, header or metadata, a key doubled, or arrays swapped."""
    header, body = opened(data)
    meta = json.loads(header["__metadata__"]["fastgd"])
    header["__metadata__"]["crc32"] = "0" * 8
    arrays = [name for name in header if name != "__metadata__"]
    if random.random() < 0.2:
        one, two = random.choice(arrays, 2)
        header[one], header[two] = header[two], header[one]
    else:
        for _ in range(random.integers(1, 4)):
            inside = random.random() < 0.75
            if (meta if inside else header) in ({}, []):
                break
            edit_json(random, meta if inside else header)
    deep = random.random() < 0.02 and meta and random.choice(list(meta))
    if deep:
        meta[deep] = "deep"
    text = json.dumps(meta)
    if deep:
        n = int(random.choice([100, 400, 900, 20_000]))
        text = text.replace('"deep"', '{"list": [' * n + "]}" * n)
    else:
        if random.random() < 0.1 and meta:
            text = text[:-1] + "," + text[1:]  # every key twice
    if isinstance(header.get("__metadata__"), dict):
        header["__metadata__"]["fastgd"] = text
    return closed(json.dumps(header, separators=(",", ":")).encode(), body)


def bytes_changed(random, data):
    """Bits flipped, bytes put in, taken out or repeated, the file cut; half sealed anew."""
    seal = random.random() < 0.5
    data = bytearray(data)
    if seal:
        digits = data.index(b'"crc32":"') + 9
        data[digits : digits + 8] = b"0" * 8
    for _ in range(random.integers(1, 4)):
        limit = len(data) if random.random() < 0.5 else min(len(data), 600)
        place = int(random.integers(limit)) if limit else 0
        kind = random.integers(5)
        if kind == 0 and limit:
            data[place] ^= 1 << int(random.integers(8))
        elif kind == 1:
            data.insert(place, int(random.integers(256)))
        elif kind == 2:
            del data[place : place + int(random.integers(1, 9))]
        elif kind == 3:
            data[place:place] = data[place : place + int(random.integers(1, 9))]
        elif random.random() < 0.2:
            del data[place:]
    length = int.from_bytes(data[:8], "little")
    if seal and length <= len(data) - 8:
        return closed(bytes(data[8 : 8 + length]), bytes(data[8 + length :])), True
    return bytes(data), False


def same(left, right):
    left, right = (m.parts() if isinstance(m, fastgd.FitResult) else estimators.storing.parts(m)
                   for m in (left, right))  # fmt: skip
    return left[0] == right[0] and all(
        left[1][name].tobytes() == right[1][name].tobytes() for name in right[1]
    )


MANY = int(os.environ.get("FASTGD_MUTATIONS", "100000"))  # of the slow test: a minute


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.parametrize("count", [2000, pytest.param(MANY, marks=pytest.mark.slow)])
def test_mutations_are_refused_or_predict(count, tmp_path, capsys):
    """Each file is refused by an error that names it, or is a model that predicts; and one that
    was not sealed anew is refused or the very same model."""
    random = np.random.default_rng(count)
    files = models(np.random.default_rng(5), tmp_path)
    originals = {name: fastgd.load(tmp_path / name) for name in files}
    X = random.normal(size=(2, 4))
    names = list(files)
    outcomes = {"refused": 0, "read": 0}
    target = os.fspath(tmp_path / "mutant")
    for i in range(count):
        name = names[i % len(names)]
        sealed = True
        if random.random() < 0.5:
            data = edited(random, files[name])
        else:
            data, sealed = bytes_changed(random, files[name])
        with open(target, "wb") as file:
            file.write(data)
        if i % 50 in (names.index("table"), names.index(names[-2])):  # the commands' matter
            for argv in (["info", target], ["predict", target, str(tmp_path / "table.csv")]):
                assert cli.main(argv) in (0, 1), data
                assert "internal error" not in capsys.readouterr().err, data
        try:
            model = fastgd.load(target)
        except fastgd.DataError as error:
            assert "mutant" in str(error) and len(str(error)) < 2000
            outcomes["refused"] += 1
            continue
        outcomes["read"] += 1
        if not sealed:
            assert same(model, originals[name])
        d = model.n_features if isinstance(model, fastgd.FitResult) else model.n_features_in_
        rows = np.resize(X, (2, d))
        if hasattr(model, "coding_"):
            columns = {column.name: ["u", "v"] for column in model.coding_.columns}
            columns |= {"x": [0.5, 1.0]}
            rows = pytest.importorskip("pandas").DataFrame(columns)
        try:
            model.predict(rows)
            p = model.predict_proba(rows)
        except ValueError:
            continue
        assert p.shape[0] == 2 and ((p >= 0) & (p <= 1) | np.isnan(p)).all()
    assert outcomes["refused"] > count / 2 and outcomes["read"] > count / 50
