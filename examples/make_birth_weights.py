"""Write birth_weights.csv from the copy of the data that statsmodels' tests ship."""

import csv
from pathlib import Path

from statsmodels.genmod.tests.results import results_glm


def main():
    source = Path(results_glm.__file__).with_name("stata_lbw_glm.csv")
    with open(source, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = ["low", "age", "lwt", "race", "smoke", "ptl", "ht", "ui"]
    path = Path(__file__).with_name("birth_weights.csv")
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
