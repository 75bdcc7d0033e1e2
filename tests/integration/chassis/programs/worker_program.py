"""A work process for the tests, started as a service's `__main__` starts it; see worker_script."""

import importlib

from services.chassis.nameko.green import go_green

if __name__ == "__main__":
    go_green()
    importlib.import_module("tests.integration.chassis.programs.worker_script").main()
