"""The pages that ask for another factor, and those at which people look after theirs."""
