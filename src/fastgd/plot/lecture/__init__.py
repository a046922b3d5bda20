"""Pictures of the lecture, drawn from the attributes of what they are given."""
