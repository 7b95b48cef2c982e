// Results.swift: replaced as the module is built.
