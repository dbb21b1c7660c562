"""The application's stacks."""
