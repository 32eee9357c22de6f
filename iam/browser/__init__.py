"""What pages need of a browser: cookies, forms, who is logged in, the theme."""
