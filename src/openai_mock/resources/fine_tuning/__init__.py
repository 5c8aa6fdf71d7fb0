"""Fine-tuning: jobs from file to model, permissions of checkpoints, and graders."""
