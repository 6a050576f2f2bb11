"""What answers look like, by the name of their schema."""

from collections.abc import Mapping
from typing import Any

_JOB_ID = "01932d3c-7f3a-7cc2-9d4e-5b1f0f6f2a10"
_USER_ID = "01932d3b-1c00-7b35-8a51-30d5d3a1c2f4"
_SHA256 = "0f343b0931126a20f133d67c2b018a3b5d8d2b1b4c1a4c3b2f1e0d9c8b7a6f5e"
_TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIwMTkzMmQzYiJ9.c2lnbmF0dXJl"  # noqa: S105  # an example
_REFRESH = "Zq3vYc5m1sT8kXw0uJd4hRb7nLf2aPgE6oVi9yCtQsU"

_TOP = [
    {"code": 2582, "name": "Mobilier de jardin", "score": 0.91},
    {"code": 2585, "name": "Outillage de jardin", "score": 0.05},
]
_PREDICTION = {
    "id": 81733,
    "job_id": _JOB_ID,
    "row": 0,
    "product_id": "3804725264",
    "designation": "Salon de jardin en bois",
    "photo": f"/api/images/{_SHA256}",
    "status": "succeeded",
    "category": {"code": 2582, "name": "Mobilier de jardin"},
    "confidence": 0.91,
    "top": _TOP,
    "text": {"weight": 0.6, "top": _TOP},
    "image": {"weight": 0.4, "top": _TOP},
    "modality": "text+image",
    "needs_review": False,
    "model_version": "2026-11-02-demo",
    "reused": False,
    "created_at": "2026-11-20T09:30:00Z",
    "finished_at": "2026-11-20T09:30:00.180000Z",
    "error": None,
}
_ROW_ERROR = {
    "row": 1,
    "product_id": "3804725265",
    "column": None,
    "code": "EMPTY_PRODUCT",
    "message": "A product needs a readable text or an image.",
}
_CORRECTION = {"code": 2582, "name": "Mobilier de jardin", "by": "ines", "created_at": "2026-11-20T10:12:00Z"}
_LISTED_PREDICTION = {
    **_PREDICTION,
    "description": "Une table, deux fauteuils et un banc en acacia.",
    "correction": _CORRECTION,
    "previous": {"code": 2585, "name": "Outillage de jardin", "confidence": 0.48},
}
_PRODUCT = {
    "id": 17,
    "product_id": "3804725264",
    "designation": "Salon de jardin en bois",
    "description": None,
    "image_id": "1263597046",
    "photo": f"/api/images/{_SHA256}",
    "category": {"code": 2582, "name": "Mobilier de jardin"},
    "created_at": "2026-11-20T09:00:00Z",
    "updated_at": "2026-11-20T09:00:00Z",
}
_CATEGORY = {"code": 2582, "name": "Mobilier de jardin", "name_en": "Garden furniture"}
_OTHER_CATEGORY = {"code": 2585, "name": "Outillage et bricolage", "name_en": "Tools and do-it-yourself"}
_RELEASE = {
    "version": "2026-11-02-demo",
    "active": True,
    "created_at": "2026-11-02T08:00:00Z",
    "activated_at": "2026-11-02T08:00:00Z",
    "refused": None,
    "demo": True,
    "data": "demo catalogue",
    "metrics": {
        "rows": 1080,
        "text": {"accuracy": 0.84, "macro_f1": 0.83, "weighted_f1": 0.84, "calibration_error": 0.03},
        "image": {"accuracy": 0.71, "macro_f1": 0.7, "weighted_f1": 0.71, "calibration_error": 0.05},
        "fused": {"accuracy": 0.91, "macro_f1": 0.9, "weighted_f1": 0.91, "calibration_error": 0.02},
        "baseline": {"accuracy": 0.82, "macro_f1": 0.81, "weighted_f1": 0.82, "calibration_error": 0.2},
    },
}
_CONFUSION = {"categories": [_CATEGORY, _OTHER_CATEGORY], "counts": [[489, 51], [46, 494]]}
_RELEASE_DETAILS = {
    **_RELEASE,
    "confusion": _CONFUSION,
    "trained_at": "2026-11-02T07:55:00Z",
    "classes": [_CATEGORY, _OTHER_CATEGORY],
    "max_tokens": 96,
    "vocabulary": 8000,
    "image_size": 224,
    "fusion": {"text_temperature": 1.3, "image_temperature": 1.1, "text_weight": 0.6},
    "training_data": {
        "name": "demo catalogue",
        "train_rows": 3240,
        "validation_rows": 1080,
        "test_rows": 1080,
        "fingerprint": _SHA256,
    },
    "libraries": {"keras": "3.14.0"},
    "files": {"text.keras": _SHA256},
    "workers": 1,
}
_JOB = {
    "id": _JOB_ID,
    "kind": "product",
    "name": None,
    "status": "succeeded",
    "counts": {"total": 1, "succeeded": 1, "failed": 0, "reused": 0, "pending": 0},
    "progress": 1.0,
    "rows_per_second": 6.25,
    "eta_seconds": None,
    "queue_position": None,
    "model_versions": ["2026-11-02-demo"],
    "version": 3,
    "created_at": "2026-11-20T09:30:00Z",
    "started_at": "2026-11-20T09:30:00.020000Z",
    "finished_at": "2026-11-20T09:30:00.180000Z",
    "expires_at": "2026-11-27T09:30:00Z",
    "cleared_at": None,
    "rerun_of": None,
    "changes": None,
    "error": None,
    "source": None,
    "links": {
        "self": f"/api/jobs/{_JOB_ID}",
        "results": f"/api/jobs/{_JOB_ID}/results",
        "errors": f"/api/jobs/{_JOB_ID}/errors",
        "events": f"/api/jobs/{_JOB_ID}/events",
    },
    "prediction": _PREDICTION,
}
_CATALOGUE_JOB = {
    **_JOB,
    "kind": "catalogue",
    "name": "Autumn range",
    "status": "running",
    "counts": {"total": 41_000, "succeeded": 12_480, "failed": 20, "reused": 310, "pending": 28_500},
    "progress": 0.152,
    "rows_per_second": 1250.0,
    "eta_seconds": 55.6,
    "version": 97,
    "started_at": "2026-11-20T09:30:00.200000Z",
    "finished_at": None,
    "source": {
        "filename": "autumn.csv",
        "format": "csv",
        "size": 18_230_441,
        "sha256": _SHA256,
        "encoding": "utf-8",
        "delimiter": ";",
        "columns": {"product_id": "sku", "designation": "Titre", "description": "Texte"},
        "header": ["sku", "Titre", "Texte", "Prix"],
        "compressed": False,
    },
    "prediction": None,
}
_WEBHOOK_ID = "01932d3c-0b52-7d0e-8f3a-91c7e2a4b6d8"
_WEBHOOK = {
    "id": _WEBHOOK_ID,
    "url": "https://shop.example.com/shelfwise",
    "events": [],
    "job_kinds": ["catalogue"],
    "active": True,
    "disabled_reason": None,
    "failing_since": None,
    "previous_secret_until": None,
    "created_at": "2026-11-20T09:15:00Z",
}
_WEBHOOK_SECRET = "whsec_bm90IGEgc2VjcmV0OiBhbiBleGFtcGxlIG9mIG9uZSE="  # noqa: S105  # an example
_DELIVERED = {"status": 200, "seconds": 0.041, "response": "thanks", "error": None}
_DELIVERY = {
    "id": "01932d3c-8a10-7b52-8e11-4c0d9b7f3a26",
    "event_id": "01932d3c-8a10-7b51-9c3f-2f7d6a1b0c44",
    "type": "job.succeeded",
    "job_id": _JOB_ID,
    "status": "delivered",
    "next_attempt_at": None,
    "created_at": "2026-11-20T09:30:00.180000Z",
    "finished_at": "2026-11-20T09:30:05.400000Z",
    "attempts": [
        {
            "number": 1,
            "started_at": "2026-11-20T09:30:00.200000Z",
            "seconds": 0.012,
            "status": None,
            "response": None,
            "error": "The host could not be connected to.",
        },
        {"number": 2, "started_at": "2026-11-20T09:30:05.359000Z", **_DELIVERED},
    ],
}
_USER = {
    "id": _USER_ID,
    "username": "ines",
    "role": "reviewer",
    "is_service": False,
    "disabled": False,
    "created_at": "2026-11-20T09:00:00Z",
}
_ACCESS = {"access_token": _TOKEN, "token_type": "bearer", "expires_in": 900, "scope": "reviewer"}
_NO_BOUNDS = {"low": None, "high": None}
_LATENCY = {"products": 98, "p50_seconds": 0.021, "p95_seconds": 0.178, "p99_seconds": 0.355}
_MONITOR = {
    "at": "2026-11-20T09:32:30Z",
    "bundle": {**_RELEASE, "confusion": _CONFUSION},
    "workers": [
        {
            "id": "01932d3a-90c4-7d1f-8b02-6a7c5d4e3f21",
            "kind": "model",
            "host": "shelf-1",
            "process_id": 4127,
            "device": "cpu bfloat16",
            "bundle": "2026-11-02-demo",
            "started_at": "2026-11-20T08:00:00Z",
            "last_seen_at": "2026-11-20T09:32:24Z",
            "last_progress_at": "2026-11-20T09:32:24Z",
            "state": "alive",
        }
    ],
    "lanes": [
        {
            "lane": "bulk",
            "queued_batches": 28,
            "queued_rows": 28_500,
            "oldest_queued_seconds": 141.2,
            "running_batches": 4,
            "running_rows": 4_096,
            "at_least": False,
            "workers": 1,
        }
    ],
    "recent": {
        "since": "2026-11-20T09:27:00Z",
        "seconds": 330.0,
        "lanes": [
            {"lane": "interactive", "answered": 97, "reused": 0, "errors": 1, "rows_per_second": 0.297},
            {"lane": "bulk", "answered": 412_480, "reused": 310, "errors": 20, "rows_per_second": 1250.0},
        ],
        "jobs": [{"kind": "product", "status": "succeeded", "count": 97}],
        "model": {"calls": 455, "rows": 412_267, "seconds": 301.7},
        "latency": _LATENCY,
    },
    "accuracy": {
        "since": "2026-10-21T09:32:30Z",
        "active": {"judged": 120, "right": 93, "share": 0.775},
        "all": {"judged": 310, "right": 236, "share": 0.761},
    },
    "drift": {
        "since": "2026-11-19T09:00:00Z",
        "watch": 0.1,
        "act": 0.2,
        "features": [
            {
                "feature": "class_mix",
                "state": "stable",
                "psi": 0.041,
                "by_chance": 0.00003,
                "rows": 412_267,
                "reference_rows": 33_900,
                "bins": [
                    {"key": "2582", "category": _CATEGORY, **_NO_BOUNDS, "rows": 247_761, "reference_share": 0.5},
                    {"key": "2585", "category": _OTHER_CATEGORY, **_NO_BOUNDS, "rows": 164_506, "reference_share": 0.5},
                ],
            }
        ],
    },
    "webhooks": {
        "pending": 3,
        "due": 0,
        "oldest_due_seconds": None,
        "since": "2026-11-20T08:32:30Z",
        "delivered": 96,
        "failed": 2,
        "dead": 0,
        "disabled_endpoints": 0,
        "counted_up_to": 10_000,
    },
    "disk": {"free_bytes": 84_402_503_680, "reserve_bytes": 536_870_912, "database_bytes": 2_146_435_072},
}
_HISTORY = {
    "at": "2026-11-20T09:32:30Z",
    "since": "2026-11-20T08:33:00Z",
    "seconds_per_point": 60,
    "points": [
        {
            "start": "2026-11-20T08:33:00Z",
            "lanes": [
                {"lane": "interactive", "answered": 98, "reused": 0, "errors": 0},
                {"lane": "bulk", "answered": 74_890, "reused": 60, "errors": 4},
            ],
            "model": {"calls": 171, "rows": 74_928, "seconds": 54.8},
            "jobs_ended": 99,
            "latency": _LATENCY,
        }
    ],
}
_CURSOR = "MDE5MzJkM2ItMWMwMC03YjM1LThhNTEtMzBkNWQzYTFjMmY0"

EXAMPLES: Mapping[str, Any] = {
    "TokenAnswer": {**_ACCESS, "refresh_token": _REFRESH},
    "AccessTokenAnswer": _ACCESS,
    "Metadata": {
        "issuer": "https://shelfwise.example.com",
        "token_endpoint": "https://shelfwise.example.com/api/auth",
        "revocation_endpoint": "https://shelfwise.example.com/api/auth/revoke",
        "scopes_supported": ["user", "reviewer", "admin"],
        "response_types_supported": [],
        "grant_types_supported": ["password", "refresh_token", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "revocation_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
    },
    "UserAnswer": _USER,
    "NewUserAnswer": {**_USER, "username": "nightly-import", "is_service": True, "client_secret": _REFRESH},
    "SecretAnswer": {"client_id": "nightly-import", "client_secret": _REFRESH},
    "Page_UserAnswer_": {"items": [_USER], "next_cursor": _CURSOR},
    "JobAnswer": _JOB,
    "Page_JobAnswer_": {"items": [_CATALOGUE_JOB, _JOB], "next_cursor": None},
    "PredictionAnswer": _PREDICTION,
    "Page_ListedPredictionAnswer_": {"items": [_LISTED_PREDICTION], "next_cursor": None},
    "PredictionCountAnswer": {"count": 10_000, "at_least": True},
    "Page_PredictionAnswer_": {"items": [_PREDICTION], "next_cursor": _CURSOR},
    "RowErrorAnswer": _ROW_ERROR,
    "Page_RowErrorAnswer_": {"items": [_ROW_ERROR], "next_cursor": None},
    "CorrectionAnswer": _CORRECTION,
    "TaxonomyAnswer": {"items": [{**_CATEGORY, "products": 2589, "predicted": True}]},
    "KnownCategoryAnswer": _CATEGORY,
    "ProductAnswer": _PRODUCT,
    "Page_ProductAnswer_": {"items": [_PRODUCT], "next_cursor": _CURSOR},
    "Page_ReleaseAnswer_": {"items": [_RELEASE], "next_cursor": None},
    "ReleaseDetailsAnswer": _RELEASE_DETAILS,
    "WebhookAnswer": _WEBHOOK,
    "NewWebhookAnswer": {**_WEBHOOK, "secret": _WEBHOOK_SECRET},
    "WebhookSecretAnswer": {"secret": _WEBHOOK_SECRET, "previous_secret_until": "2026-11-21T09:40:00Z"},
    "Page_WebhookAnswer_": {"items": [_WEBHOOK], "next_cursor": None},
    "PingAnswer": {"delivered": True, **_DELIVERED},
    "DeliveryAnswer": _DELIVERY,
    "Page_DeliveryAnswer_": {"items": [_DELIVERY], "next_cursor": None},
    "RecoveredAnswer": {"recovered": 17},
    "MonitorAnswer": _MONITOR,
    "HistoryAnswer": _HISTORY,
    "EventBody": {"type": "job.succeeded", "timestamp": "2026-11-20T09:30:00.180000Z", "data": _JOB},
    "Ping": {
        "type": "webhook.test",
        "timestamp": "2026-11-20T09:35:00Z",
        "data": {"webhook_id": _WEBHOOK_ID},
    },
    "Live": {"live": True},
    "Ready": {"ready": False, "checks": {"database": True, "schema": True, "disk": False}},
}
