"""What one has used of one's quotas."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from api.security import CurrentUser
from api.services import TheServices
from shared.usage import usage_of

router = APIRouter(prefix="/api/users/me/usage", tags=["accounts"])


class UsageAnswer(BaseModel):
    """Products submitted since 00:00 UTC, bytes of photos and files held now, and how many of each are allowed."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "rows_today": 84916,
                "rows_per_day": 5000000,
                "stored_bytes": 2147483648,
                "stored_bytes_limit": 53687091200,
            }
        }
    )

    rows_today: int
    rows_per_day: int
    stored_bytes: int
    stored_bytes_limit: int


@router.get("", operation_id="get_own_usage", summary="One's own usage")
def own_usage(account: CurrentUser, services: TheServices) -> UsageAnswer:
    """What the calling account has used of its quotas."""
    with services.database.read() as connection:
        used = usage_of(connection, account.id)
    return UsageAnswer(
        rows_today=used.rows_today,
        rows_per_day=services.settings.quota_rows_per_day,
        stored_bytes=used.stored_bytes,
        stored_bytes_limit=services.settings.quota_stored_bytes,
    )
