"""What the report says, as the tags of its template see it: plain texts, numbers already the Vietnamese way."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from app.core import workflow
from app.core.reminding import days_text
from app.outbox.wording import shortened
from app.reports.word.dossier import Dossier
from app.reports.word.wording import (
    added,
    changed,
    compared,
    counted,
    less,
    long_day,
    lowered,
    month_text,
    place_of,
    ranked,
)
from app.vietnamese import day_text, exact_points_text, listed, number_text, percent_text, points_text

Context = dict[str, Any]
SECTIONS: Final = {"appraised": "1.2.1", "survey": "1.2.2"}
"""Where the two tables of criteria stand in the report of 2024, whose numbering people know."""
SURVEY_GROUPS: Final = frozenset({"officials_survey", "sipas"})
NEXT_BEST: Final = 5
MOST_NAMED: Final = 3
"""More cooperating agencies than these are counted, not named."""
NO_REPORT: Final = "Chưa có báo cáo giải trình."
LATER: Final = "(Nội dung báo cáo được cập nhật sau ngày lấy số liệu.)"


def report_content(dossier: Dossier) -> Context:
    """Every tag of the report's template but the charts."""
    return {
        **letterhead(dossier, "BC-{}"),
        "bases": _bases(dossier),
        "total": _total(dossier),
        "rank": _ranks(dossier),
        "gap": {key: points_text(value) for key, value in dossier.projection["gap"].items()},
        "benchmarks": _benchmarks(dossier),
        "groups": [_scores(one) for one in dossier.projection["groups"]],
        "fields": [_scores(one) | {"number": one["number"]} for one in dossier.projection["fields"]],
        "counts": _counts(dossier),
        "agencies": [_agency_row(one, number) for number, one in enumerate(dossier.by_agency["groups"], 1)],
        "agencies_total": _agency_row({"name": "Tổng cộng", **dossier.by_agency["total"]}, 0),
        "appraised": _table(dossier, "appraised"),
        "survey": _table(dossier, "survey"),
        "late_tasks": [_brief(one) for one in dossier.tasks if one["overdue"]],
        "late_agencies": _late_agencies(dossier.tasks),
        "difficulties": [
            {"agency": one["agency"]["name"], "name": one["criterion"]["name"], "text": one["difficulties"]}
            for one in dossier.tasks
            if one["difficulties"]
        ],
        "next_best": [_next(one) for one in dossier.projection["next_best"][:NEXT_BEST]],
        "annex_agencies": _annex(dossier),
        "other_agencies": _others(dossier),
    }


def letterhead(dossier: Dossier, symbol: str) -> Context:
    """What the top and the foot of every document need; `symbol` takes the coordinating agency's code."""
    province = dossier.assessment["province"]["name"]
    issuer = dossier.issuer["name"] if dossier.issuer else "Cơ quan thường trực"
    code = dossier.issuer["code"] if dossier.issuer else "CQTT"
    return {
        "parent": f"UBND {province.upper()}",
        "issuer": issuer,
        "issuer_upper": issuer.upper(),
        "symbol": symbol.format(code),
        "place": place_of(province),
        "month": month_text(dossier.day),
        "year": str(dossier.day.year),
        "as_of": day_text(dossier.day),
        "province": lowered(province),
        "addressee": f"Ủy ban nhân dân {lowered(province)}",
        "index_name": dossier.assessment["name"],
        "index_year": str(dossier.assessment["year"]),
        "due_before": day_text(dossier.assessment["due_before"]),
        "mandate": _mandate(dossier),
    }


def _mandate(dossier: Dossier) -> str:
    """ "" until the province has issued one."""
    found = dossier.assessment["mandate"]
    return "" if found is None else f"văn bản số {found['number']} ngày {long_day(found['date'])}"


def _bases(dossier: Dossier) -> list[str]:
    found = [
        f"Quyết định số {one['number']} ngày {long_day(one['date'])} của {one['issuer']} {lowered(one['about'])}"
        for one in dossier.assessment["source"].get("decisions", [])
    ]
    mandate = _mandate(dossier)
    return [*found, *([f"{mandate[:1].upper()}{mandate[1:]} về giao nhiệm vụ khắc phục"] if mandate else [])]


# Scores


def _total(dossier: Dossier) -> Context:
    found = dossier.projection
    return _scores({**found, "name": "Tổng cộng"}) | {
        "verified_gain": points_text(less(found["floor"], found["published"])),
        "expected_gain": points_text(less(found["expected"], found["published"])),
        "verified_change": changed(less(found["floor"], found["published"])),
        "expected_change": changed(less(found["expected"], found["published"])),
        "still_short": points_text(less(found["max"], found["expected"])),
    }


def _scores(one: Mapping[str, Any]) -> Context:
    short = less(one["max"], one["published"])
    return {
        "name": one["name"],
        **{key: points_text(one[key]) for key in ("max", "published", "floor", "expected", "ceiling")},
        "short": points_text(short),
        "rate": percent_text(Decimal(one["published"]) / Decimal(one["max"]), 2),
    }


def _ranks(dossier: Dossier) -> Context:
    """Intervals, since nobody knows the other provinces' next scores. `published` is the rank the ministry gave."""
    found = {key: ranked(interval) for key, interval in dossier.projection["rank_interval"].items()}
    given = dossier.assessment["published_rank"]
    return found | {
        "published": str(given) if given else found["published"],
        "provinces": str(dossier.assessment["province_count"]),
    }


def _benchmarks(dossier: Dossier) -> list[Context]:
    """Thresholds that are still ahead, and means."""
    return [
        {
            "label": one["label"],
            "score": points_text(one["score"]),
            "published": compared(one["distance"]["published"]),
            "expected": compared(one["distance"]["expected"]),
        }
        for one in dossier.projection["benchmarks"]
        if one["kind"] == "mean" or (one["kind"] == "threshold" and one["distance"]["published"].startswith("-"))
    ]


def _next(one: Mapping[str, Any]) -> Context:
    return {"name": one["name"], "agency": one["agency"]["name"], "points": points_text(one["closing"])}


# Counts


def _counts(dossier: Dossier) -> Context:
    total = dossier.by_agency["total"]
    statuses = [(workflow.LABELS[key], count) for key, count in total["by_status"].items() if count]
    return {
        "tasks": counted(total["tasks"]),
        "agencies": counted(len(dossier.by_agency["groups"])),
        "statuses": listed([f"{counted(count)} nhiệm vụ “{label}”" for label, count in statuses]) if statuses else "",
        **{key: counted(count) for key, count in total["by_status"].items()},
        **{key: counted(total[key]) for key in ("overdue", "on_time", "late")},
        "has_overdue": total["overdue"] > 0,
        "has_submitted": total["on_time"] + total["late"] > 0,
        "completion": percent_text(total["completion"]),
    }


def _agency_row(one: Mapping[str, Any], number: int) -> Context:
    """Nothing shows as a dash: a table of zeros is hard to read."""
    return {
        "number": number,
        "name": one["name"],
        "tasks": number_text(one["tasks"]),
        **{key: number_text(count) if count else "–" for key, count in one["by_status"].items()},
        "overdue": number_text(one["overdue"]) if one["overdue"] else "–",
        "short": points_text(one["points_short"]),
        "verified_gain": points_text(one["verified_gain"]),
        "expected_gain": points_text(one["expected_gain"] or "0.0000"),
    }


def _late_agencies(found: Iterable[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(one["agency"]["name"] for one in found if one["overdue"]))
    return listed(names) if names else ""


def _brief(one: Mapping[str, Any]) -> Context:
    return {
        "code": one["code"],
        "name": one["criterion"]["name"],
        "agency": one["agency"]["name"],
        "points": points_text(one["points_short"]),
        "due": f"trước ngày {day_text(one['due'])}",
        "left": days_text(one["days_left"]),
        "status": workflow.LABELS[one["status"]],
    }


# Tables 1.2.1 and 1.2.2


def _table(dossier: Dossier, kind: str) -> Context:
    """Criteria under their fields, with sums of exact scores; `whole` is all of that kind, met criteria included."""
    found = [one for one in dossier.tasks if one["criterion"]["kind"] == kind]
    numbers = list(dict.fromkeys(one["criterion"]["field"]["number"] for one in found))
    parts = [[one for one in found if one["criterion"]["field"]["number"] == number] for number in sorted(numbers)]
    whole = [one for one in dossier.projection["groups"] if (one["key"] in SURVEY_GROUPS) == (kind == "survey")]
    return {
        **_sums(found, kind),
        "count": counted(len(found)),
        "zero": counted(sum(one["published"] == "0.0000" for one in found)),
        "partial": counted(sum(one["published"] != "0.0000" for one in found)),
        "whole_max": points_text(added(*(one["max"] for one in whole))),
        "whole_got": _points(added(*(one["published"] for one in whole)), kind),
        "groups": [
            {
                "number": f"{SECTIONS[kind]}.{number}",
                "name": part[0]["criterion"]["field"]["name"],
                **_sums(part, kind),
                "criteria": [_criterion(one, kind) for one in part],
            }
            for number, part in enumerate(parts, 1)
        ],
    }


def _sums(found: Sequence[Mapping[str, Any]], kind: str) -> Context:
    sums = {key: added(*(one[key] for one in found)) for key in ("max", "published", "expected")}
    return {
        "max": points_text(sums["max"]),
        "got": _points(sums["published"], kind),
        "short": _points(less(sums["max"], sums["published"]), kind),
        "expected": _points(sums["expected"], kind),
    }


def _points(points: str, kind: str) -> str:
    """Sums and gaps as the report of 2024 prints them: two decimals of what was appraised, four of the survey."""
    return exact_points_text(points) if kind == "survey" else points_text(points)


def _criterion(one: Mapping[str, Any], kind: str) -> Context:
    return {
        **_brief(one),
        "number": f"({one['criterion']['number']})",
        "max": points_text(one["max"]),
        "got": exact_points_text(one["published"]),
        "short": _points(one["points_short"], kind),
        "agency": _lead(one),
        "expected": exact_points_text(one["expected"]),
        "remedy": _remedy(one),
    }


def _lead(one: Mapping[str, Any]) -> str:
    former = one["former_agency"]
    return f"{one['agency']['name']} (trước đây: {former})" if former else str(one["agency"]["name"])


def _remedy(one: Mapping[str, Any]) -> str:
    """Shortened: the annex has the whole text."""
    if one["written_later"]:
        return LATER
    told = (("remedy", "Biện pháp"), ("progress", "Tiến độ"))
    lines = [f"{label}: {shortened(one[key])}" for key, label in told if one[key]]
    if one["percent"] and one["status"] in workflow.OPEN:
        lines.append(f"Đã thực hiện {one['percent']}%.")
    return "\n".join(lines) or NO_REPORT


# The annex


def _annex(dossier: Dossier) -> list[Context]:
    """Lead agencies in the order of the summary, each with its tasks and the shares it answers for."""
    found = []
    for number, row in enumerate(dossier.by_agency["groups"], 1):
        own = [one for one in dossier.tasks if one["agency"]["code"] == row["key"]]
        found.append(
            {
                **_agency_row(row, number),
                "overdue": counted(row["overdue"]),
                "has_overdue": row["overdue"] > 0,
                "tasks": counted(row["tasks"]),
                "criteria": [_annexed(one, place) for place, one in enumerate(own, 1)],
                "shares": _shares_of(dossier, row["key"]),
            }
        )
    return found


def _annexed(one: Mapping[str, Any], number: int) -> Context:
    """`reported`: whether anything was written; if not, `note` says so in place of four empty cells."""
    note = LATER if one["written_later"] else NO_REPORT
    return {
        **_brief(one),
        "number": str(number),
        "got": exact_points_text(one["published"]),
        "max": points_text(one["max"]),
        "expected": exact_points_text(one["expected"]),
        "percent": str(one["percent"]),
        "cooperating": _helpers([helper["name"] for helper in one["cooperating"]]),
        **{key: one[key] for key in ("reason", "progress", "remedy", "difficulties", "period", "directions")},
        "reported": any(one[key] for key in ("reason", "progress", "remedy", "difficulties")),
        "note": note,
    }


def _helpers(names: Sequence[str]) -> str:
    return f"{len(names)} cơ quan, đơn vị" if len(names) > MOST_NAMED else listed(names) if names else ""


def _others(dossier: Dossier) -> list[Context]:
    """Units that lead no task and only answer for shares."""
    leading = {row["key"] for row in dossier.by_agency["groups"]}
    names = {one["agency"]["code"]: one["agency"]["name"] for one in dossier.shares}
    return [
        {"name": name, "shares": _shares_of(dossier, code)} for code, name in names.items() if code not in leading
    ]


def _shares_of(dossier: Dossier, agency: str) -> list[Context]:
    own = [one for one in dossier.shares if one["agency"]["code"] == agency]
    return [_share(dossier, one, number) for number, one in enumerate(own, 1)]


def _share(dossier: Dossier, one: Mapping[str, Any], number: int) -> Context:
    names = {task["code"]: task["criterion"]["name"] for task in dossier.tasks}
    return {
        "number": str(number),
        "what": share_name(one),
        "task": names.get(one["task"]["code"], one["task"]["code"]),
        "quantity": amount(one["quantity"], one["unit"]),
        "current": amount(one["current"], one["unit"]),
        "state": share_state(one),
        "answer": "\n".join(one[key] for key in ("reason", "progress", "remedy") if one[key]) or "Chưa giải trình.",
    }


def share_name(one: Mapping[str, Any]) -> str:
    """With the name that the report of the year gives the unit, where it has another one now."""
    return f"{one['what']} (trước đây: {one['former_agency']})" if one["former_agency"] else str(one["what"])


def amount(quantity: int | None, unit: str) -> str:
    """ "129 hồ sơ"; a dash where the report gives no number."""
    return "–" if quantity is None else f"{number_text(quantity)} {unit}".rstrip()


def share_state(one: Mapping[str, Any]) -> str:
    if one["done"]:
        return "Đã khắc phục" if one["kind"] == "clearable" else "Đã giải trình"
    return "Chưa xong"
