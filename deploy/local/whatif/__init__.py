"""What would have come of the past under a draft: past events through the services' pure rules, nothing written."""
