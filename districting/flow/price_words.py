"""What a rule costs, in words: a line a rule, and what is proved of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from districting.flow.prices import Figures, Price
from districting.language import Language, say
from districting.solvers.profile import Stage
from districting.solvers.profile_words import stage_words

#: Figures in words, in the order in which they are told: key of the sentence, decimals, how it is read.
FIGURES: tuple[tuple[str, int, Callable[[Figures], float]], ...] = (
    ("communities", 0, lambda figures: figures.communities),
    ("moved", 0, lambda figures: figures.moved),
    ("mean_m", 0, lambda figures: figures.mean_m),
    ("open_km", 2, lambda figures: figures.open_km),
)


def price_name(price: Price, language: Language) -> str:
    """The rule, the lock or the wish."""
    return rule_name(price.rule, price.names, language)


def rule_name(rule: str, names: tuple[str, ...], language: Language) -> str:
    """A rule, a lock or a wish by its key and what it names."""
    return say(f"price.{rule}", language, names=_names(rule, names, language))


def plan_figures(figures: Figures | None) -> dict[str, float | None]:
    """Figures of a plan by key, as rounded as they are told; None where there is no plan."""
    return {key: None if figures is None else round(read(figures), digits) for key, digits, read in FIGURES}


def differences(price: Price) -> dict[str, float]:
    """Plan with the rule minus plan without it, by figure, as rounded as it is told; empty without both plans."""
    if price.with_rule is None or price.without is None:
        return {}
    found = {}
    for key, digits, read in FIGURES:
        off = round(read(price.with_rule) - read(price.without), digits)
        found[key] = off if off else 0.0  # a difference of −0.001 is none
    return found


def price_sentence(price: Price, language: Language) -> str:
    """What the rule costs and what it saves; empty where there are not both plans.

    Examples
    --------
    >>> from districting.solvers.profile import Stage
    >>> here, there = Figures(27, 900, 5e6, 10_000, 3.0), Figures(25, 900, 3.6e6, 10_000, 3.0)
    >>> aim = Stage({"moved_households": 1.0})
    >>> price = Price("roads", ("长安北路",), False, ("a",), (), (), here, there, aim, 0.0, 0.0)
    >>> price_sentence(price, "en")
    'Not crossing 长安北路 costs 2 communities and 140 m of mean distance.'
    >>> price_sentence(price, "zh")
    '不跨长安北路：代价为社区多 2 个、平均距离长 140 米。'
    """
    gone = differences(price)
    if not gone:
        return ""
    costs, saves = ([(key, abs(off)) for key, off in gone.items() if sign * off > 0] for sign in (1, -1))
    kind = "both" if costs and saves else "costs" if costs else "saves" if saves else "nothing"
    values = {
        "rule": say(f"price.who.{price.rule}", language, names=_names(price.rule, price.names, language)),
        "costs": _listed("more", costs, language),
        "saves": _listed("less", saves, language),
    }
    text = say(f"price.{kind}", language, **values)
    return text if price.proved else say("price.so_far", language, text=text)


def proof_words(price: Price, language: Language) -> str:
    """What is proved of the cost in the first aim: the figure, or the range that it lies in."""
    if price.with_rule is None:
        return "–"
    least, most = (_figure(value, price.aim) for value in (price.least, price.most))
    return most if price.proved else say("price.between", language, least=least, most=most)


def missing_sentences(price: Price, names: Callable[[str], str], language: Language) -> list[str]:
    """Sub-districts that are in no figure, and why; ``names`` gives the name of an id."""
    if not (price.subdistricts or price.only_without or price.unanswered):
        return [say("price.nowhere", language, rule=price_name(price, language))]
    told = (("only_without", price.only_without), ("unanswered", price.unanswered))
    comma = say("class_comma", language)
    return [
        say(f"price.{key}", language, rule=price_name(price, language), names=comma.join(map(names, ids)))
        for key, ids in told
        if ids
    ]


def price_notes(prices: Sequence[Price], names: Callable[[str], str], language: Language) -> list[str]:
    """What a reader of the whole table must know: the first aim, what ranges mean, and who is in no figure."""
    if not prices:
        return []
    lines = [say("price.aim", language, what=stage_words(prices[0].aim, language))]
    if any(price.with_rule is not None and not price.proved for price in prices):
        lines.append(say("price.open", language))
    for price in prices:
        lines += missing_sentences(price, names, language)
    return lines


def _names(rule: str, names: tuple[str, ...], language: Language) -> str:
    """What a lock or a wish names; a lock says first what it asks."""
    if rule != "lock":
        return " ".join(names)
    kind, *others = names
    return " ".join((say(f"price.lock_kind.{kind}", language), *others))


def _listed(way: str, figures: list[tuple[str, float]], language: Language) -> str:
    """Figures with their units, as a list in a sentence."""
    texts = [
        say(f"price.{way}.{key}", language, n=int(value) if value == int(value) else value)
        for key, value in figures
    ]
    if len(texts) < 2:
        return "".join(texts)
    return say("price.comma", language).join(texts[:-1]) + say("price.and", language) + texts[-1]


def _figure(value: float, aim: Stage) -> str:
    """A sum of the first aim; kilometres are small and need their decimals."""
    text = f"{value:,.2f}" if set(aim.weights) == {"open_border_km"} else f"{value:,.0f}"
    return "0" if float(text.replace(",", "")) == 0 else text
