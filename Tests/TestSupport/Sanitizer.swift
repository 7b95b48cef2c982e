/// Whether the tests are built with AddressSanitizer, which adds instructions of its own to every kernel's.
#if SANITIZED
public let isSanitized = true
#else
public let isSanitized = false
#endif
