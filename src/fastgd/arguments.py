"""What an argument of the command line may be; the others are refused with exit code 2."""

import argparse
import math


def number(wanted, allowed):
    """Take finite numbers for which `allowed` is true; `wanted` says which these are."""

    def parse(text):
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and allowed(value)):
            raise argparse.ArgumentTypeError(f"{text!r}: wanted {wanted}")
        return value

    return parse


def whole(least, most=math.inf):
    """Take whole numbers between these."""

    def parse(text):
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            limits = f"from {least}" + (f" to {most}" if most < math.inf else "")
            raise argparse.ArgumentTypeError(f"{text!r}: wanted a whole number {limits}")
        return int(text)

    return parse


def file(text):
    """Take any name but none."""
    if not text:  # a variable of the shell that is not set, most likely
        raise argparse.ArgumentTypeError("wanted the name of a file, found none")
    return text
