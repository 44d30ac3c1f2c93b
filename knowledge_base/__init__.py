"""What is true: curated answers with sources and validity, dated parameters of the law, and search over both."""
