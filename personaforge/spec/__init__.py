"""What is wanted: persona files and conf groups, composed by Hydra, validated by pydantic, handed on as plain
values."""
