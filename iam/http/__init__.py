"""HTTP: connections, requests, answers and the rules that hold for all of them."""
