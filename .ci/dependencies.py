"""What this software is made of, and whether any of it is known to be unsafe. Both work without a network.

    python .ci/dependencies.py sbom OUT.cdx.json
    python .ci/dependencies.py audit OUT.cdx.json --advisories FOLDER [--accept PYSEC-2024-1 …]
    python .ci/dependencies.py audit OUT.cdx.json [--accept …]

The SBOM (CycloneDX 1.6) is written by cyclonedx-py from the lock, with the hashes that are installed, and holds the
vendored files of the pages too. The audit compares it with advisories in the OSV format, as YAML or JSON: a clone of
github.com/pypa/advisory-database, or an unpacked export of osv.dev, carried in from wherever there is a network.
Without a folder, pip-audit asks osv.dev about what the lock installs (the vendored files are not asked about).
An audit ends with 1 when something of ours is affected, with 2 when the folder holds nothing to compare with, and with
3 when osv.dev gave no answer: then nothing was audited, and whoever runs it decides whether that will do.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
VENDORED = ROOT / "app" / "web" / "static" / "vendor"
NPM_NAMES = {"htmx": "htmx.org", "pico": "@picocss/pico", "swagger-ui": "swagger-ui-dist"}
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="SBOM and audit of what this software is made of.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("sbom").add_argument("out", type=Path)
    audit = commands.add_parser("audit")
    audit.add_argument("sbom", type=Path)
    audit.add_argument("--advisories", type=Path)
    audit.add_argument("--osv-url", default="https://api.osv.dev/v1/query", help="a mirror of OSV's query API")
    audit.add_argument("--accept", nargs="*", default=[], metavar="ID", help="looked at, and of no concern here")
    given = parser.parse_args(arguments)
    if given.command == "sbom":
        return write_sbom(given.out)
    accepted = frozenset(given.accept)
    if given.advisories is None:
        return report_answers(given.osv_url, accepted)
    return report_comparison(given.sbom, given.advisories, accepted)


# What it is made of


def write_sbom(out: Path) -> int:
    made = ["requirements", str(LOCK), "--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible"]
    tool = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", *made, "--of", "JSON", "-o", "-"]
    bom = json.loads(subprocess.run(tool, check=True, capture_output=True).stdout)
    bom["components"] += vendored()
    for component in bom["components"]:
        component.pop("description", None)  # a copy of the lock's line
        if component["purl"].startswith("pkg:pypi/"):
            component["externalReferences"] = [_without_host(one) for one in component.get("externalReferences", [])]
    out.write_text(json.dumps(bom, indent=1, ensure_ascii=False) + "\n")
    print(f"{out}: {len(bom['components'])} components")
    return 0


def vendored() -> list[dict[str, Any]]:
    """The files of other people that pages are drawn with, by their checked hashes."""
    return [_vendored(folder) for folder in sorted(VENDORED.iterdir()) if folder.is_dir()]


def _vendored(folder: Path) -> dict[str, Any]:
    name, version = NPM_NAMES[folder.name], (folder / "VERSION").read_text().split()[-1]
    purl = f"pkg:npm/{name.replace('@', '%40')}@{version}"
    lines = [line.split() for line in (folder / "SHA256SUMS").read_text().splitlines() if line.strip()]
    files = [
        {"type": "file", "name": file, "bom-ref": f"{purl}#{file}", "hashes": [{"alg": "SHA-256", "content": sha256}]}
        for sha256, file in lines
    ]
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, "components": files}


def _without_host(reference: dict[str, Any]) -> dict[str, Any]:
    """The lock names no registry, so neither does this."""
    return {**reference, "url": reference["url"].rstrip("/").rpartition("/")[2]}


# Whether it is safe


@dataclass(frozen=True)
class Finding:
    component: str
    version: str
    advisory: str
    summary: str


def report_comparison(sbom: Path, advisories: Path, accepted: frozenset[str]) -> int:
    known = list(read_advisories(advisories))
    if not known:
        print(f"No advisory in {advisories}: nothing was audited.", file=sys.stderr)
        return 2
    found = list(audit(json.loads(sbom.read_text())["components"], known))
    return _report(f"{len(known)} advisories compared", found, accepted)


def report_answers(osv_url: str, accepted: frozenset[str]) -> int:
    what = ["--disable-pip", "--require-hashes", "-r", str(LOCK), "-s", "osv", "--osv-url", osv_url]
    how = ["-f", "json", "--desc", "on", "--progress-spinner", "off"]
    tool = [sys.executable, "-W", "ignore", "-m", "pip_audit", *what, *how]
    done = subprocess.run(tool, check=False, capture_output=True, text=True)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        print(f"NOT AUDITED, osv.dev gave no answer; use --advisories FOLDER instead. {reason}", file=sys.stderr)
        return 3
    found = [
        Finding(package["name"], package["version"], one["id"], _shortened(one["description"]))
        for package in packages
        for one in package["vulns"]
    ]
    return _report(f"{len(packages)} packages asked about", found, accepted)


def _report(done: str, found: Sequence[Finding], accepted: frozenset[str]) -> int:
    for one in found:
        note = " (accepted)" if one.advisory in accepted else ""
        print(f"{one.component} {one.version}: {one.advisory}{note}: {one.summary}")
    open_ones = [one for one in found if one.advisory not in accepted]
    print(f"{done}, {len(open_ones)} advisories concern us.")
    return 1 if open_ones else 0


def _shortened(text: str) -> str:
    return " ".join(text.split())[:160]


def read_advisories(folder: Path) -> Iterator[dict[str, Any]]:
    """Every OSV document under the folder that was not withdrawn."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".yaml", ".yml", ".json"):
            continue
        text = path.read_text()
        one = json.loads(text) if path.suffix == ".json" else yaml.load(text, LOADER)  # a safe loader
        if isinstance(one, dict) and "affected" in one and not one.get("withdrawn"):
            yield one


def audit(components: Sequence[Mapping[str, Any]], advisories: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    ours = {_key(_ecosystem(one["purl"]), one["name"]): one["version"] for one in components}
    for advisory in advisories:
        for affected in advisory["affected"]:
            package = affected.get("package", {})
            version = ours.get(_key(package.get("ecosystem", ""), package.get("name", "")))
            if version is not None and is_affected(version, affected):
                summary = advisory.get("summary") or advisory.get("details", "")
                yield Finding(package["name"], version, advisory["id"], _shortened(summary))


def is_affected(version: str, affected: Mapping[str, Any]) -> bool:
    """By OSV's rule: listed by name, or at or after an `introduced` with no `fixed` or `last_affected` in between."""
    if version in affected.get("versions", ()):
        return True
    ranges = (one for one in affected.get("ranges", ()) if one["type"] in ("ECOSYSTEM", "SEMVER"))
    return any(_within(Version(version), one["events"]) for one in ranges)


def _within(version: Version, events: Sequence[Mapping[str, str]]) -> bool:
    inside = False
    for event in sorted(events, key=_place):
        kind, at = next(iter(event)), _place(event)[0]
        if kind == "introduced" and version >= at:
            inside = True
        elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            inside = False
    return inside


def _place(event: Mapping[str, str]) -> tuple[Version, bool]:
    kind, text = next(iter(event.items()))
    try:
        return Version(text), kind != "introduced"
    except InvalidVersion:
        raise SystemExit(f"An advisory has a version that cannot be compared: {text}") from None


def _ecosystem(purl: str) -> str:
    return purl.removeprefix("pkg:").partition("/")[0]


def _key(ecosystem: str, name: str) -> tuple[str, str]:
    return ecosystem.lower(), canonicalize_name(name)


if __name__ == "__main__":
    sys.exit(main())
