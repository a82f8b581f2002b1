"""Word documents in the layout of Nghị định 30/2020/NĐ-CP: the report and the urging letters.

`scaffold` makes the built-in templates, `dossier` and `letters` gather what they say, `rendering` fills them in, and
`templates` keeps what a province edited in Word. Nothing is imported here: the renderer also runs as a small process.
"""
