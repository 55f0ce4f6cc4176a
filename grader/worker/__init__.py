"""What runs inside the sandbox, mounted there alone: imports nothing of the grader but itself."""
