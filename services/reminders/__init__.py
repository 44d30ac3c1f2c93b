"""申报缴税提醒: before and after a deadline, one message per handler, never to the wrong person."""
