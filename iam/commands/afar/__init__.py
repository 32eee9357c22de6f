"""Commands from afar: through the API of a running server, by a token of the person who has logged in there."""
