// families.h: the one list of kernel families. FAMILY(name) asks for name_family in kernels/name/.
FAMILY(float)
FAMILY(int8)
FAMILY(i2s)
FAMILY(tl2)
FAMILY(tq1)
FAMILY(tq2)
FAMILY(bitwise)
FAMILY(planar2)
