"""What the rules of now decide about a picture or clip that was judged before: by the code of a build, over what is
known, and without what keeps a pinned result as it was accepted. Makes and measures nothing, and changes nothing.
"""

from __future__ import annotations

from dataclasses import replace

from personaforge.steps.action import Outcome
from personaforge.steps.attempts import Examining
from personaforge.steps.context import Context
from personaforge.steps.images import IMAGE, REFERENCE, judge_picture, references_of
from personaforge.steps.video import CLIP, VIDEO, judge_motion

_JUDGED = {IMAGE: (IMAGE, judge_picture), REFERENCE: (REFERENCE, judge_picture), VIDEO: (CLIP, judge_motion)}
"""Kind of step -> its output that a gate judges, and what judges it. A finished picture is compared with the one that
it was made from, when it is made, and isn't judged again here."""


def present_judgement(context: Context, outcome: Outcome) -> Examining | None:
    """Return the procedure that judges what a node last resulted in by the rules of now; None for a kind that no such
    rules are for, and where there is no artifact.

    Where nothing can measure, the scores in the lock are judged, as a build does.
    """
    output, judge = _JUDGED.get(context.node.kind, ("", None))
    if judge is None or output not in outcome.outputs:
        return None
    if context.analyzer_ref.identity is not None:
        context = replace(context, pin=None)
    return judge(context, outcome.outputs[output].artifact, references_of(context), outcome.facts)
