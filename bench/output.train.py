print("a script that prints hardly anything")
