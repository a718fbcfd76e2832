"""The pages for people, rendered on the server: templates are in `web/templates`.

A page shows what a data route answers or a command prints; it computes no football. Scripts and
style sheets are files of `web/static`, and no page works only with scripts.
"""
