"""What the product does when its parts die, and when people write odd things."""
