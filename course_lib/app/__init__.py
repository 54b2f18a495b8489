"""What runs around the notebooks: the command, the doctor, reset, the extension."""
