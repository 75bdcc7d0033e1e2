"""The gateway's collections."""

from services.chassis.mongo.migrations import Schema
from services.gateway.adapters.mongo import events, keys

SCHEMA = Schema({keys.KEYS: keys.INDEXES, events.EVENTS: events.INDEXES, events.FEEDS: []})
