"""The collecting bank (银行端查询缴税): payment codes for the counter and POS, links for online banking, arrivals."""
