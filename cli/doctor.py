"""`shelfwise doctor`: what is configured, what answers, what is wrong, and what to do about it."""

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from cli.checks.configured import Configured, check_settings, configured
from cli.checks.contents import check_contents
from cli.checks.files import check_files
from cli.checks.findings import LONGEST_DEEP_SECONDS, Check, Finding, Patient, Verdict, fail, findings_of
from cli.checks.folder import check_data_folder, check_disk, check_secrets, up_is_running
from cli.checks.ledger import check_database, check_workers
from cli.checks.machine import check_python, check_tensorflow
from cli.checks.network import check_api, check_broker, check_flower
from cli.checks.objects import check_bundle, check_object_store
from cli.checks.restores import check_restores
from cli.checks.webhooks import check_webhooks
from shared.errors import ConfigurationError
from shared.settings import load_settings

CHECKS: tuple[Check, ...] = (
    check_settings,
    check_python,
    check_tensorflow,
    check_data_folder,
    check_disk,
    check_secrets,
    check_restores,
    check_database,
    check_object_store,
    check_bundle,
    check_broker,
    check_api,
    check_flower,
    check_workers,
    check_webhooks,
)
DEEP_CHECKS: tuple[Check, ...] = (check_contents, check_files)
_ALWAYS_SHOWN = ("SHELFWISE_DATA_DIR", "SHELFWISE_HOST", "SHELFWISE_PORT")


def examine(options: Mapping[str, object], *, deep: bool, as_json: bool) -> None:
    """Look at everything and say what was found; exit 1 when something failed."""
    settings, findings = _examined(options, deep)
    if as_json:
        _print_json(settings, findings)
    else:
        _print_report(settings, findings)
    if _failed(findings):
        sys.exit(1)


def _examined(options: Mapping[str, object], deep: bool) -> tuple[list[Configured], list[Finding]]:
    try:
        settings = load_settings(**options)
    except ConfigurationError as error:
        return [], [fail("settings", error.message)]
    patient = Patient(settings, up_is_running(settings.data_dir), deep)
    found = [finding for check in CHECKS for finding in findings_of(check, patient)]
    for check in DEEP_CHECKS if deep else ():
        found += findings_of(check, patient, LONGEST_DEEP_SECONDS)
    return configured(settings, options.keys()), found


def _print_report(settings: Sequence[Configured], findings: Sequence[Finding]) -> None:
    shown = [entry for entry in settings if entry.source != "default" or entry.name in _ALWAYS_SHOWN]
    for entry in shown:
        print(f"{entry.name} = {entry.value} ({entry.source})")
    if settings:
        print(f"{len(settings) - len(shown)} more settings have their defaults; docs/04-settings.md has them all\n")
    for finding in findings:
        print(f"{finding.verdict:<4}  {finding.subject:<14} {finding.sentence}")
    counts = Counter(finding.verdict for finding in findings)
    print(f"\n{counts[Verdict.OK]} ok, {counts[Verdict.WARN]} to look at, {counts[Verdict.FAIL]} wrong")


def _print_json(settings: Sequence[Configured], findings: Sequence[Finding]) -> None:
    report = {
        "ok": not _failed(findings),
        "settings": [asdict(entry) for entry in settings],
        "findings": [asdict(finding) for finding in findings],
    }
    print(json.dumps(report, indent=2, ensure_ascii=False))


def _failed(findings: Sequence[Finding]) -> bool:
    return any(finding.verdict == Verdict.FAIL for finding in findings)
