"""What one chapter needs and no other: landscapes, descents, a robot, costs."""
