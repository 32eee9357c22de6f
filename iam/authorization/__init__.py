"""Authorization requests: what they may say, whom they are about, and what a person is asked (RFC 6749 §4.1, Core §3.1.2)."""
