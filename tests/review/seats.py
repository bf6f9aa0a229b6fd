"""Somebody at a real browser before the review page: looks, picks atoms, sends them somewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Error, Page

from tests.review.conftest import until

#: Where an atom of the draft lies on the screen: one that can go to a neighbour without any doubt. ``inner`` is an
#: atom of that neighbour beside it.
SPOT = """async () => {
  const live = window.review, plan = live.pagePlan, atoms = live.page.maps.scene.atoms;
  const pane = live.page.maps.panes.find((one) => one.plan === plan);
  for (let atom = 0; atom < atoms.n; atom++) {
    const told = await live.server.tell("POST", `plans/${plan.id}/look`, {revision: live.plan.revision, atoms: [live.ground.atoms[atom]]});
    const good = told.find((one) => one.community && !one.doubts.length);
    const [x, y] = atoms.middle(atom);
    if (!good || atoms.at(x, y) !== atom) continue;
    const from = Array.from(plan.label).findIndex((at, other) => plan.communities[at].id === good.community && atoms.at(...atoms.middle(other)) === other && atoms.around(atom).includes(other));
    if (from < 0) continue;
    const box = pane.box.getBoundingClientRect();
    const spot = (at) => { const [u, v] = atoms.middle(at); const p = pane.map.latLngToContainerPoint([v, u]); return [box.left + p.x, box.top + p.y]; };
    return {atom, inner: from, community: good.community, at: spot(atom), from: spot(from), before: plan.communities[plan.label[atom]].id};
  }
  return null;
}"""


#: How far an arrow key moves the map.
STEP_PX = 80


@dataclass
class Seat:
    """Somebody at a browser."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def take(cls, browser: Browser, address: str) -> Seat:
        """Open the page with a link, in a browser of one's own."""
        seat = cls(browser.new_context(viewport={"width": 1500, "height": 860}).new_page())
        seat.page.on("pageerror", lambda error: seat.complaints.append(str(error)))
        seat.page.goto(address)
        seat.page.wait_for_selector("body[data-live]")
        return seat

    def ask(self, script: str) -> Any:
        """What a script gives; None while the page is being loaded anew."""
        try:
            return self.page.evaluate(f"() => {script}")
        except Error as error:
            if "context was destroyed" in str(error) or "navigation" in str(error):
                return None
            raise

    def sees(self, script: str) -> Any:
        """Wait until a script gives something true."""
        return until(lambda: self.ask(script), seconds=120)

    def holder(self, atom: int) -> str:
        """Who holds an atom of the draft on this page."""
        return str(
            self.ask(f"(() => {{ const p = review.pagePlan; return p.communities[p.label[{atom}]].id }})()")
        )


def pick(seat: Seat) -> dict[str, Any]:
    """Select one atom on the map that can go somewhere; the drawer tells where to."""
    spot: dict[str, Any] = seat.page.evaluate(SPOT)
    seat.page.mouse.click(*spot["at"])
    seat.sees(f"review.options.some((one) => one.community === '{spot['community']}')")
    return spot


def go(seat: Seat, community: str) -> None:
    """Send the selection to a community."""
    seat.page.click(f'#live .go[data-community="{community}"]')


def steer(seat: Seat, atom: int) -> None:
    """Bring an atom of the draft under the crosshair, with the keys of the map alone."""
    script = """(atom) => { const {map} = review.painter.pane, {atoms} = review.page.maps.scene;
      const {lng, lat} = map.getCenter(), [x, y] = atoms.middle(atom), {x: w, y: h} = map.getSize();
      const spot = map.latLngToContainerPoint([y, x]);
      return [atoms.at(lng, lat) === atom, spot.x - w / 2, spot.y - h / 2]; }"""
    for _ in range(80):
        seat.sees("!review.painter.pane.map._panAnim?._inProgress")
        over, right, down = seat.page.evaluate(script, atom)
        if over:
            return
        if max(abs(right), abs(down)) < STEP_PX / 2:
            seat.page.keyboard.press("Equal")  # a step is too wide for this atom: come nearer
        elif abs(right) > abs(down):
            seat.page.keyboard.press("ArrowRight" if right > 0 else "ArrowLeft")
        else:
            seat.page.keyboard.press("ArrowDown" if down > 0 else "ArrowUp")
    raise AssertionError(f"the keys do not lead to atom {atom}")


def revision(seat: Seat) -> int:
    """Of the draft, as a page knows it."""
    return int(seat.sees("review.plan && review.plan.revision + 1")) - 1


def branch(seat: Seat, title: str) -> None:
    """Make a draft of the plan at hand, in the dialog that asks for its title."""
    seat.page.click("#live-branch")
    seat.page.fill("#dialog-field", title)
    seat.page.click("#dialog-done")
    seat.sees(f"window.review && review.pagePlan && review.plan.title === {title!r} && review.ground")
