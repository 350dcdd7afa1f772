"""What is done to poses before and after the network: tracking, smoothing, placement, joint angles."""
