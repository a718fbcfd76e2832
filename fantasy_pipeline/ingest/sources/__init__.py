"""Where data come from: nflverse through two libraries, and the sample league."""
