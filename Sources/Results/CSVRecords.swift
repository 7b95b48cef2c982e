/// The cells of a CSV text, record by record: RFC 4180 with LF or CRLF line ends.
///
/// Bytes decide, not Characters: a combining mark after a comma or a quote must not hide it.
struct CSVRecords {
  struct Record {
    /// The line it begins on, from 1.
    let line: Int
    let cells: [String]
  }

  /// Text that is no CSV.
  struct Malformed: Error {
    let line: Int
    let reason: String
  }

  /// The records that end with a line end.
  private(set) var complete: [Record] = []
  /// The line a last record without line end begins on: a kill cut it.
  private(set) var tornLine: Int?
  /// How many bytes the complete records take.
  private(set) var completeBytes = 0

  private let bytes: [UInt8]
  private var position = 0
  private var line = 1

  init(_ text: String) throws(Malformed) {
    bytes = Array(text.utf8)
    while position < bytes.count {
      let start = line
      if let cells = try record() {
        complete.append(Record(line: start, cells: cells))
        completeBytes = position
      } else {
        tornLine = start
      }
    }
  }

  /// Reads one record and its line end; nil when the text ends first.
  private mutating func record() throws(Malformed) -> [String]? {
    var cells: [String] = []
    while true {
      guard
        let cell = try position < bytes.count && bytes[position] == CSV.quote ? quoted() : bare()
      else { return nil }
      cells.append(cell)
      // A cell is over at a comma or a line end; both readers have seen to it.
      guard bytes[position] == CSV.comma else {
        position += bytes[position] == CSV.cr ? 2 : 1
        line += 1
        return cells
      }
      position += 1
    }
  }

  /// Whether a cell ends here, before a comma or a line end; nil when the text ends first.
  private func cellEnds() -> Bool? {
    guard position < bytes.count else { return nil }
    switch bytes[position] {
    case CSV.comma, CSV.lf: return true
    case CSV.cr:
      guard position + 1 < bytes.count else { return nil }
      return bytes[position + 1] == CSV.lf
    default: return false
    }
  }

  private mutating func bare() throws(Malformed) -> String? {
    let start = position
    while true {
      guard let ends = cellEnds() else {
        position = bytes.count
        return nil
      }
      if ends { return String(decoding: bytes[start..<position], as: UTF8.self) }
      if bytes[position] == CSV.quote {
        throw Malformed(line: line, reason: "a quote inside a cell that does not begin with one")
      }
      if bytes[position] == CSV.cr {
        throw Malformed(line: line, reason: "a carriage return without line feed")
      }
      position += 1
    }
  }

  private mutating func quoted() throws(Malformed) -> String? {
    var cell: [UInt8] = []
    position += 1
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte != CSV.quote {
        cell.append(byte)
        if byte == CSV.lf { line += 1 }
      } else if position < bytes.count && bytes[position] == CSV.quote {
        cell.append(byte)
        position += 1
      } else {
        switch cellEnds() {
        case true?: return String(decoding: cell, as: UTF8.self)
        case false?: throw Malformed(line: line, reason: "text after a closing quote")
        case nil:
          position = bytes.count
          return nil
        }
      }
    }
    return nil
  }
}
