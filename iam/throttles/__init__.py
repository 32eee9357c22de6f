"""How much anybody may try, and how much may be under way."""
