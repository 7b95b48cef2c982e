import Foundation
package import TOMLKit

/// Reading of the small TOML files that users write, wary of what TOMLKit does not survive.
package enum TOMLFile {
  /// Why there is no table.
  package enum Problem: Error, Equatable {
    case unreadable(reason: String)
    case invalid(reason: String, remedy: String)
  }

  /// Far above anything that a user writes by hand; a larger file is some other file.
  private static let largestFileBytes = 65_536

  /// Reads a file; `whatItIs` is the remedy where it is not even text of that size.
  package static func table(
    at path: String, whichIs whatItIs: String
  ) throws(Problem) -> TOMLTable {
    let bytes = try read(path)
    guard bytes.count <= largestFileBytes else {
      throw .invalid(reason: "is larger than \(largestFileBytes) bytes", remedy: whatItIs)
    }
    // TOMLKit would stop at a NUL byte and take what it had read for the whole.
    guard let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(0) else {
      throw .invalid(reason: "is not UTF-8 text", remedy: whatItIs)
    }
    return try table(of: text)
  }

  /// Reads a text.
  package static func table(of text: String) throws(Problem) -> TOMLTable {
    do {
      return try TOMLTable(string: text)
    } catch let error as TOMLParseError {
      throw .invalid(
        reason: "is not TOML at line \(error.source.begin.line)",
        remedy: error.description.replacingOccurrences(of: "\n", with: " "))
    } catch {
      throw .invalid(reason: "is not TOML", remedy: String(describing: error))
    }
  }

  /// Reads at most one byte more than the largest file.
  private static func read(_ path: String) throws(Problem) -> [UInt8] {
    func failure() -> Problem { .unreadable(reason: String(cString: strerror(errno))) }
    guard let file = fopen(path, "rb") else { throw failure() }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: largestFileBytes + 1)
    let count = fread(&bytes, 1, bytes.count, file)
    guard ferror(file) == 0 else { throw failure() }
    return Array(bytes.prefix(count))
  }
}

extension FieldValue {
  /// Takes over a TOML value of one of the types that fields have.
  package init(_ value: (any TOMLValueConvertible)?) {
    if let flag = value?.bool {
      self = .flag(flag)
    } else if let integer = value?.int {
      self = .integer(integer)
    } else if let number = value?.double {
      self = .number(number)
    } else if let text = value?.string {
      self = .text(text)
    } else {
      self = .other(value.map { "of type \($0.type)" } ?? "of no known type")
    }
  }
}
