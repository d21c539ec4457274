"""Measurements to judgements: plain arithmetic on JSON values. No models, no files, no clock, no settings lookup.

    policy       the numbers that judging reads
    score        two measurements to one score; `references`: against a whole reference set
    decision     a score to ACCEPT, RETRY or REJECT
    anchor       which candidate becomes the anchor
    clip         a clip's frames against the anchor, and what may be repaired
    calibration  error rates and P(same) of one analyzer's cosines, by `roc` and `logistic`
    agreement    whether two recognisers say the same

Everything returns a value; where there is no number it is `Unmeasured` (in `score`), and never 0.0 or 1.0.
"""
