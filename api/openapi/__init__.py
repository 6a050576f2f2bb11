"""What the API says of itself: the OpenAPI document at /api/openapi.json."""
