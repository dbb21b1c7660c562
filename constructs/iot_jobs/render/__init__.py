"""Reports and templates as text and data for people and tools."""
