"""The API of the administration: one handler for all actions, its errors, and the document that describes it."""
