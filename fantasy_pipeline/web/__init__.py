"""The HTTP interface: the questions and the trigger of the command line, served by FastAPI.

Routes, their models and access control belong here; what a request does is in `operations`.
"""
