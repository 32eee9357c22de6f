"""The ways through the pages: each goes from page to page, and says which one is open."""
