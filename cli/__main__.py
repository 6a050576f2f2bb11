"""`python -m cli` is `shelfwise`."""

from cli.main import main

main()
