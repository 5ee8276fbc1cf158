"""The contract between who rings and who answers: task names, payloads, sender."""
