"""The calculators' forms as a chat asks them: few questions, everyday words, the rest taken when somebody names it."""
