"""What is stored: blobs by digest, immutable records, their index, the journal of paid calls, and the lock files."""
