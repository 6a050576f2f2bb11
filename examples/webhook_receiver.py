"""A receiver of Shelfwise's webhooks, to be copied: checks who sends, keeps what came, answers, and works after that.

    WEBHOOK_SECRET=whsec_… .venv/bin/uvicorn examples.webhook_receiver:app --port 9000

While a secret is being rotated, WEBHOOK_SECRET may hold both, with a space between. WEBHOOK_INBOX names the file in
which everything is kept that came, so that a second delivery of it does nothing, and a crash loses nothing.
"""

import json
import logging
import os
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from standardwebhooks import Webhook, WebhookVerificationError

INBOX = os.environ.get("WEBHOOK_INBOX", "webhook-inbox.db")
MOST_BYTES = 1024 * 1024
TABLE = """
    CREATE TABLE IF NOT EXISTS inbox (id TEXT PRIMARY KEY, event TEXT);  -- no event any more: it has been handled
    CREATE INDEX IF NOT EXISTS inbox_open ON inbox (id) WHERE event IS NOT NULL;
"""
OPEN = "SELECT id, event FROM inbox WHERE event IS NOT NULL ORDER BY id"
something_came = threading.Event()


def handle(event: dict[str, Any]) -> None:
    """Put your work here: a job has ended. What raises is kept, and handled again with the next event."""
    match event["type"], event["data"]:
        case kind, {"id": job_id, "prediction": {"category": {"name": category}}}:
            print(kind, job_id, category, flush=True)
        case kind, {"id": job_id, "counts": counts}:
            print(kind, job_id, f"{counts['succeeded']} succeeded, {counts['failed']} failed", flush=True)
        case kind, _:
            print(kind, flush=True)  # webhook.test


@asynccontextmanager
async def begin(app: FastAPI) -> AsyncIterator[None]:
    """Refuse to start without a good secret; what was kept and not handled is the first that is handled."""
    app.state.webhooks = [Webhook(secret) for secret in os.environ["WEBHOOK_SECRET"].split(" ")]
    with closing(sqlite3.connect(INBOX)) as inbox:
        inbox.executescript(TABLE)
    something_came.set()
    threading.Thread(target=work, daemon=True).start()
    yield


app = FastAPI(lifespan=begin)


@app.post("/shelfwise", status_code=204)
async def receive(request: Request) -> None:
    """Take an event: once it is kept, its sender is answered; the work comes after that."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise HTTPException(413)
    if not verified(bytes(body), request):
        raise HTTPException(401)
    if await run_in_threadpool(keep, request.headers["webhook-id"], body.decode()):
        something_came.set()


def verified(body: bytes, request: Request) -> bool:
    """Whether one of our secrets signed exactly these bytes, less than five minutes ago."""
    for webhook in request.app.state.webhooks:
        with suppress(WebhookVerificationError, ValueError):  # ValueError: headers or a body that are no such thing
            webhook.verify(body, dict(request.headers), json_parse=False)
            return True
    return False


def keep(webhook_id: str, event: str) -> bool:
    """Write an event down, on the disk when this returns; False if it came before."""
    with closing(sqlite3.connect(INBOX)) as inbox, inbox:
        return inbox.execute("INSERT OR IGNORE INTO inbox VALUES (?, ?)", [webhook_id, event]).rowcount == 1


def work() -> None:
    """Handle what comes, in the one thread that does: however long it takes, senders are answered."""
    while something_came.wait():
        something_came.clear()
        handle_all()


def handle_all() -> None:
    """Handle what was kept and not handled. If the process dies in the middle of one, that one is handled again."""
    with closing(sqlite3.connect(INBOX)) as inbox:
        for webhook_id, event in inbox.execute(OPEN).fetchall():
            try:
                handle(json.loads(event))
            except Exception:
                logging.exception("%s was not handled", webhook_id)
                continue
            with inbox:
                inbox.execute("UPDATE inbox SET event = NULL WHERE id = ?", [webhook_id])


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=int(os.environ.get("PORT", "9000")))
