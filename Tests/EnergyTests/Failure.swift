/// Returns the error that the body throws, or `nil` when it throws none of this type.
///
/// Swift Testing returns it from `#expect(throws:)` only since Swift 6.1.
func failure<Failure: Error>(_ type: Failure.Type, of body: () throws -> some Any) -> Failure? {
  do {
    _ = try body()
    return nil
  } catch {
    return error as? Failure
  }
}
