"""What people prove besides their password, one file each."""
