"""The collections of this service."""

from services.chassis.mongo.migrations import Schema
from services.returns.adapters.mongo import cases, orders, rma_numbers, scans, timeline

SCHEMA = Schema(
    {
        orders.ORDERS: orders.INDEXES,
        cases.CASES: cases.INDEXES,
        scans.SCANS: scans.INDEXES,
        scans.MILESTONES: [],
        timeline.TIMELINE: timeline.INDEXES,
        rma_numbers.COUNTERS: [],
    }
)
