// MPGEMM.swift: replaced as the module is built.
