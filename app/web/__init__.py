"""Pages for people: each is a door to the same domain functions as the API, drawn by templates in Vietnamese."""
