"""Files of what rules cost: the record, and an Excel file for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from districting.flow.price_words import (
    FIGURES,
    plan_figures,
    price_name,
    price_notes,
    price_sentence,
    proof_words,
)
from districting.flow.prices import Price
from districting.language import Language, say
from districting.policies.policy import Policy
from districting.reports.atomic import OutputFolder
from districting.reports.plain import write_json
from districting.reports.sheets import Column, Sheet, write_workbook
from districting.reports.words import plan_title, policy_overrides
from districting.territory.layers import Layers


def write_prices(
    prices: Sequence[Price],
    target: Path,
    *,
    plan_id: str,
    policy: Policy,
    layers: Layers,
    date: str,
    language: Language,
) -> Path:
    """Write prices into a folder that is replaced in one step; returns ``prices.json``.

    ``prices.json`` (the record), ``prices.xlsx`` (a row per rule, lock and wish: the plan with it, the plan
    without it, what it costs and what is proved of that).

    Parameters
    ----------
    plan_id
        How the plans were made.
    policy, layers, date
        What they rest on, and the day of today (ISO 8601), for the lines above the table.
    """
    names = layers.subdistricts["name"]
    sheet = price_sheet(
        prices,
        _notes(plan_id, policy, layers, date, language),
        lambda one: str(names.get(one, one)),
        language,
    )
    with OutputFolder(target) as folder:
        write_json(folder / "prices.json", [price.to_json() for price in prices])
        write_workbook(folder / "prices.xlsx", [sheet], language=language)
    return target / "prices.json"


def price_sheet(
    prices: Sequence[Price], notes: tuple[str, ...], names: Callable[[str], str], language: Language
) -> Sheet:
    """规则代价表: a row per rule, lock and wish; ``names`` gives the name of a sub-district's id."""
    title = say("price.sheet", language)
    comma = say("class_comma", language)
    columns = (
        Column(say("tables.head.number", language), [str(at) for at in range(1, len(prices) + 1)], "mark"),
        Column(say("price.rule", language), [price_name(price, language) for price in prices]),
        *(
            Column(
                say(f"price.{key}", language),
                [plan_figures(figures)[key] for figures in group],
                "decimal" if digits else "count",
                say(f"price.group.{head}", language),
            )
            for head, group in (
                ("with", [price.with_rule for price in prices]),
                ("without", [price.without for price in prices]),
            )
            for key, digits, _ in FIGURES
        ),
        Column(say("price.sentence", language), [price_sentence(price, language) for price in prices]),
        Column(say("price.proved", language), [proof_words(price, language) for price in prices], "mark"),
        Column(
            say("price.counted", language),
            [comma.join(map(names, price.subdistricts)) for price in prices],
        ),
    )
    return Sheet(title, title, notes, columns, 2, tuple(price_notes(prices, names, language)))


def _notes(plan_id: str, policy: Policy, layers: Layers, date: str, language: Language) -> tuple[str, ...]:
    """Plan, policy, date and source; whether the data were generated."""
    values = {
        "plan": plan_title(plan_id, language),
        "policy": policy.title[language],
        "date": date[:10],
        "files": say("forecast.comma", language).join(
            dict.fromkeys(Path(source.path).name for source in layers.sources)
        ),
    }
    notes = (say("tables.note", language, **values), *policy_overrides(policy, language))
    return (*notes, say("report.generated", language)) if layers.generated else notes
