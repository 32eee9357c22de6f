"""The one guarded request to other people's addresses (H35): where it may go, how it gets there, what is kept of it."""
