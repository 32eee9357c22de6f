"""Guarded requests to other people's addresses (H35): where they may go, how they get there, what is kept of the answers."""
