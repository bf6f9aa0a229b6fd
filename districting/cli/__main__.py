"""``python -m districting.cli``."""

from districting.cli.app import main

main()
