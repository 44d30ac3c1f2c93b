"""What has happened to the schema, one file a change."""
