"""Whole catalogues, against a running service: `python -m benchmarks.catalogue`.

Measures texts, photos, single products beside a catalogue, two accounts at once, and a large upload, and prints each
beside its target. README.md explains.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.bundle import demo_bundle, tiny_bundle
from benchmarks.catalogue_bench import CatalogueBench, Sizes
from benchmarks.catalogue_client import CatalogueClient
from benchmarks.catalogue_company import measure_fairness, measure_interactive, measure_upload
from benchmarks.catalogue_rates import measure_photos, measure_texts
from benchmarks.figures import say_target
from benchmarks.load import LoadProcess
from benchmarks.machine import machine_facts
from benchmarks.memory import resident
from benchmarks.service import running_service
from shared.bundle import Bundle
from shared.settings import load_settings

MEASUREMENTS = {
    "texts": measure_texts,
    "photos": measure_photos,
    "interactive": measure_interactive,
    "fairness": measure_fairness,
    "upload": measure_upload,
}
MOST_MIB_AT_START = 150


def main() -> None:
    """Start a service, measure what was asked for, and print and write the figures."""
    arguments = _arguments()
    bundle = Bundle.open(arguments.bundle) if arguments.bundle else tiny_bundle() if arguments.tiny else demo_bundle()
    sizes = Sizes.tiny() if arguments.tiny else replace(Sizes(), rows=arguments.rows, photos=arguments.photos)
    with running_service(bundle) as service, LoadProcess() as load, CatalogueClient(service) as client:
        facts = machine_facts(load_settings(data_dir=service.data_dir).database)
        print(json.dumps(facts, indent=2))
        memory = resident(service.part("api"))
        say_target("MiB of the API after its start", memory, f"<= {MOST_MIB_AT_START}", memory <= MOST_MIB_AT_START)
        bench = CatalogueBench(service, client, load, bundle, sizes)
        bench.warm_up()
        for name in arguments.only:
            MEASUREMENTS[name](bench)
    if arguments.out:
        result = {"machine": facts, "bundle": bundle.manifest.version, "api_mib_at_start": memory, **bench.figures}
        arguments.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if bench.failed_requests:
        sys.exit(f"{bench.failed_requests} requests failed: these figures do not count.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure a service with whole catalogues.")
    parser.add_argument("--rows", type=int, default=Sizes().rows, help="of the catalogue of texts")
    parser.add_argument("--photos", type=int, default=Sizes().photos, help="rows of the catalogue with photos")
    parser.add_argument("--only", type=_names, default=list(MEASUREMENTS), help=f"any of {','.join(MEASUREMENTS)}")
    parser.add_argument("--out", type=Path, help="where to write the figures as JSON")
    parser.add_argument("--bundle", type=Path, help="folder of a bundle, instead of the demo bundle")
    parser.add_argument("--tiny", action="store_true", help="a small bundle and little of everything: does it run?")
    return parser.parse_args()


def _names(value: str) -> list[str]:
    names = value.split(",")
    if not set(names) <= set(MEASUREMENTS):
        raise argparse.ArgumentTypeError(f"any of {','.join(MEASUREMENTS)}")
    return names


if __name__ == "__main__":
    main()
