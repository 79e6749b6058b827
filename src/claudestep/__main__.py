"""`claudestep` and `python -m claudestep`."""

import sys


def main() -> None:
    """Run the command line; never returns."""
    if sys.argv[1:] == ["--version"]:  # the one answer that needs nothing loaded
        from claudestep import __version__

        print(f"claudestep {__version__}")
        sys.exit(0)
    from claudestep.cli.main import start

    sys.exit(start())


if __name__ == "__main__":
    main()
