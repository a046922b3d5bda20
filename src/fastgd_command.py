"""The ``fastgd`` command, outside the package: that takes a moment to import, in which Ctrl-C may
be pressed."""

import sys


def main():
    """Import the package, and run `fastgd.cli.main`; its exit code."""
    try:
        from fastgd.cli import main
    except KeyboardInterrupt:
        if "--debug" in sys.argv:
            raise
        print("fastgd: interrupted", file=sys.stderr)
        return 130
    return main()
