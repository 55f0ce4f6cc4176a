"""What runs inside the sandbox. Mounted there alone: it imports nothing of the grader but itself."""
