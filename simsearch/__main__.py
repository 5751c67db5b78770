"""Run the command line with `python -m simsearch`."""

from simsearch.cli import run

if __name__ == "__main__":
    run()
