"""Every table of the service. Queries live beside their noun: `jobs.py`, `users.py`, `ledger/`, …

Classes are used for their typed columns only: statements go through Core, and rows are plain tuples.
Dates are UTC. `products` and `predictions` keep integer keys that are never used twice.
"""

from shared.tables.accounts import RefreshToken, SignInFailures, Usage, User
from shared.tables.base import Base
from shared.tables.catalogue import CategoryRow, FetchedPhoto, Image, Product
from shared.tables.models import BundleRow, WorkerRow
from shared.tables.statistics import WorkCount
from shared.tables.support import SchemaSupport
from shared.tables.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from shared.tables.work import Batch, Correction, Job, Prediction

__all__ = [
    "Base",
    "Batch",
    "BundleRow",
    "CategoryRow",
    "Correction",
    "FetchedPhoto",
    "Image",
    "Job",
    "Prediction",
    "Product",
    "RefreshToken",
    "SchemaSupport",
    "SignInFailures",
    "Usage",
    "User",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
    "WorkCount",
    "WorkerRow",
]
