"""The weekly report: what it says (football, plain Python) and how it looks."""
