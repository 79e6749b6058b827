"""A bookshop: what it sells, what is on the shelf, and what a customer owes."""
