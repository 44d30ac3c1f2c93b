"""From other people's files to content files and articles of statutes, with a report for every row."""
