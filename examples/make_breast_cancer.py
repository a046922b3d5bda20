"""Write breast_cancer.csv from the copy of the data that scikit-learn ships."""

import csv
from pathlib import Path

from sklearn.datasets import load_breast_cancer


def main():
    data = load_breast_cancer()
    labels = ["M" if data.target_names[code] == "malignant" else "B" for code in data.target]
    path = Path(__file__).with_name("breast_cancer.csv")
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["diagnosis", *(name.replace(" ", "_") for name in data.feature_names)])
        for label, row in zip(labels, data.data.tolist(), strict=True):
            writer.writerow([label, *row])


if __name__ == "__main__":
    main()
