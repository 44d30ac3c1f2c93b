"""What people do from beginning to end, through each door, over the wire format of its party."""
