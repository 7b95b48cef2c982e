print("ternbench")
