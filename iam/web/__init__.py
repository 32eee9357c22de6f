"""HTTP: from requests to parameters, from answers to bytes; pages, forms, cookies and CSRF."""
