// families.h: the one list of kernel families. FAMILY(name) asks for name_family in kernels/name/.
