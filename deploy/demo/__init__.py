"""The main job on real input: `make demo`, `aftercare demo`."""

from deploy.demo.main_job import run as run_main_job

__all__ = ["run_main_job"]
