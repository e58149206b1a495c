"""Names that move: carried out in the order that is planned, no two alerts ever share one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from databricks_alerts.plan.names import Place, Wish, in_order, name_moves

NAMES = st.sampled_from("abcdefg")
PLACES = st.tuples(st.sampled_from(["", "", "team"]), NAMES)


@st.composite
def folders(draw: st.DrawFn) -> tuple[list[Wish], dict[Place, str], set[str]]:
    """Wishes, who bears which name today, and the ids of the stack's own alerts."""
    borne = draw(st.lists(PLACES, unique=True, max_size=6))
    holders = {place: "id-{}-{}".format(*place) for place in borne}
    ids = draw(st.permutations(sorted(holders.values())))
    wishes = []
    for number in range(draw(st.integers(1, 7))):
        existing = ids[number] if number < len(ids) and draw(st.booleans()) else ""
        folder, name = draw(PLACES)
        wishes.append(Wish(f"R{number}", name, existing, draw(st.integers(0, 4)) > 0, folder))
    wishes = [wish for wish in wishes if wish.deploys or wish.existing]
    ours = {wish.existing for wish in wishes} | set(draw(st.lists(st.sampled_from(ids or [""]))))
    return wishes, holders, ours - {""}


@given(folders())
def test_no_two_alerts_ever_share_a_name(
    folder: tuple[list[Wish], dict[Place, str], set[str]],
) -> None:
    wishes, holders, ours = folder
    moves = name_moves(wishes, holders, ours)
    bears: dict[str, Place] = {identity: place for place, identity in holders.items()}
    by_key = {wish.key: wish for wish in wishes}
    keys = [wish.key for wish in wishes if wish.deploys and wish.key not in moves.blocked]
    strangers = {place for place, identity in holders.items() if identity not in ours}
    refused: set[str] = set()
    leaving: set[str] = set()
    for key in in_order(moves.after, keys):
        wish = by_key[key]
        if moves.after.get(key) in refused:
            refused.add(key)  # an engine leaves out what depends on a failed resource
            continue
        if key in moves.frees:
            bears[moves.frees[key]] = ("", f"freed {moves.frees[key]}")
        taken = {place for identity, place in bears.items() if identity != wish.existing}
        if wish.place in taken:
            # Only an alert that is nobody's of ours may be in the way.
            assert wish.place in strangers
            refused.add(key)
            continue
        # An alert cannot be moved: another one is made, and it goes at the end.
        moved = bool(wish.existing) and bears[wish.existing][0] != wish.folder
        leaving |= {wish.existing} if moved else set()
        bears[f"new {key}" if moved or not wish.existing else wish.existing] = wish.place
        assert len(set(bears.values())) == len(bears)
    freed = set(moves.frees.values())
    for wish in wishes:
        if wish.existing in freed and wish.key not in refused:
            # What gives up its name gets its own later in the same run, or goes.
            assert wish.key in keys
            assert wish.existing in leaving or not bears[wish.existing][1].startswith("freed")


@given(folders())
def test_who_is_blocked_is_told_who_bears_the_name(
    folder: tuple[list[Wish], dict[Place, str], set[str]],
) -> None:
    wishes, holders, ours = folder
    blocked = name_moves(wishes, holders, ours).blocked
    for wish in wishes:
        if wish.key in blocked:
            others = [item for item in wishes if item.key != wish.key]
            assert any(item.key in blocked[wish.key] for item in others)
            assert repr(wish.name) in blocked[wish.key]


@given(st.dictionaries(NAMES, NAMES), st.sets(NAMES))
def test_every_key_stands_once_behind_the_one_it_waits_for(
    after: dict[str, str], keys: set[str]
) -> None:
    waits = {key: before for key, before in after.items() if key < before}
    ordered = in_order(waits, sorted(keys))
    assert set(ordered) >= keys
    assert len(set(ordered)) == len(ordered)
    for key, before in waits.items():
        if key in ordered:
            assert ordered.index(before) < ordered.index(key)
