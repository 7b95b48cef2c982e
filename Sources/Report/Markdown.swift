internal import TextTable

/// A table in Markdown that reads as well unrendered: columns are padded, numbers to the right.
struct MarkdownTable {
  enum Alignment { case left, right }

  private let headers: [(title: String, alignment: Alignment)]
  private var rows: [[String]] = []

  init(_ headers: [(title: String, alignment: Alignment)]) {
    // The pipe style draws no rule narrower than three.
    self.headers = headers.map { title, alignment in
      let title = Markdown.cell(title)
      let blanks = String(repeating: " ", count: max(0, 3 - title.count))
      return (alignment == .left ? title + blanks : blanks + title, alignment)
    }
  }

  var isEmpty: Bool { rows.isEmpty }

  mutating func append(_ cells: [String]) {
    precondition(cells.count == headers.count, "a cell for each column")
    rows.append(cells.map(Markdown.cell))
  }

  /// The table, with a line end after each row; empty when it has none.
  var text: String {
    let table = TextTable<[String]> { cells in
      zip(headers, cells).map { header, cell in
        Column(
          title: header.title, value: cell, align: header.alignment == .left ? .left : .right)
      }
    }
    return table.string(for: rows, style: Style.pipe) ?? ""
  }
}

/// Text that stays text inside Markdown.
enum Markdown {
  /// On one line, with what would end a cell or begin a tag escaped.
  static func cell(_ text: String) -> String {
    line(text).replacing("|", with: "\\|").replacing("<", with: "\\<")
  }

  /// On one line.
  static func line(_ text: String) -> String {
    text.map { $0.isNewline ? " " : String($0) }.joined()
  }

  static func bold(_ text: String) -> String { "**\(text)**" }

  /// "a", "a and b", "a, b and c".
  static func list(_ items: [String]) -> String {
    guard let last = items.last, items.count > 1 else { return items.first ?? "" }
    return items.dropLast().joined(separator: ", ") + " and " + last
  }
}
