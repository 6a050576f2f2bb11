"""axe-core's verdict on a page: what it finds against WCAG 2.2 AA and good practice."""

import json
from typing import Any

from playwright.sync_api import CDPSession, Page

_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_OPTIONS = {"runOnly": {"type": "tag", "values": _TAGS}, "resultTypes": ["violations"]}
_RUN_MILLISECONDS = 60_000


def violations(source: str, page: Page) -> list[str]:
    """Run axe-core, of which this is the source, on the page as it is now; a line for each element with a violation.

    It runs in a world of its own: neither does the page see it, nor does the page's content security policy stop it.
    """
    session = page.context.new_cdp_session(page)
    try:
        frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})["executionContextId"]
        _evaluate(session, world, f"{source}; undefined")
        found = _evaluate(session, world, f"axe.run(document, {json.dumps(_OPTIONS)}).then((all) => all.violations)")
    finally:
        session.detach()
    return [_line(rule, element) for rule in found for element in rule["nodes"]]


def _evaluate(session: CDPSession, world: int, expression: str) -> Any:
    wanted = {"expression": expression, "contextId": world, "awaitPromise": True, "returnByValue": True}
    answer = session.send("Runtime.evaluate", wanted | {"timeout": _RUN_MILLISECONDS})
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    return answer["result"].get("value")


def _line(rule: dict[str, Any], element: dict[str, Any]) -> str:
    where = " ".join(str(part) for part in element["target"])
    why = " ".join(element["failureSummary"].split())
    return f"{rule['id']} ({element['impact']}): {rule['help']}. {where}: {why}"
