"""办税服务: every skill as a page for phones, made from the same declaration as the chat's form."""
