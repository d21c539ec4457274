"""What commands measure: files against an anchor, labelled pairs, photographs before training."""
