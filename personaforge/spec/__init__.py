"""What is wanted: persona files and conf groups, composed by Hydra, checked by pydantic, handed on as plain values."""
