"""A relay as a process of its own: relay_program.py AMQP_URI MONGODB_URI DATABASE LEASE SERVICE…."""

import sys

import pymongo

from services.chassis.events.relay import OutboxSource, RelaySettings
from services.chassis.events.relay_process import run_relay

if __name__ == "__main__":
    amqp_uri, mongodb_uri, database, lease, *services = sys.argv[1:]
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(mongodb_uri)
    sources = [OutboxSource(service, client[database]) for service in services]
    run_relay(sources, amqp_uri, RelaySettings(lease=float(lease), held=0.5))
