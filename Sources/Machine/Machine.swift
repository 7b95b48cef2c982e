// Machine.swift: replaced as the module is built.
