"""Measurements to judgements: plain arithmetic on JSON values. No models, no files, no clock, no settings lookup.

    policy    the numbers that judging reads      anchor    which candidate becomes the anchor
    score     two measurements to one score       clip      a clip's frames against the anchor, and what may be repaired
    references a candidate against the whole reference set
    verdict   a score to ACCEPT, RETRY or REJECT  drift     a timeline to a trend

Everything returns a value; `Unmeasured` (in `score`) stands where a number can't be had, and is never 0.0 or 1.0.
"""
