"""Training of the models that ship: a recipe (YAML), a task (what is learnt), a trainer (how)."""
