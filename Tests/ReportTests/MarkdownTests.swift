import Testing

@testable import Report

@Suite struct MarkdownTests {
  @Test func columnsArePaddedAndNumbersToTheRight() {
    var table = MarkdownTable([("kernel", .left), ("q", .right), ("×", .left)])
    table.append(["a", "1", "y"])
    table.append(["longer name", "12345", "n"])
    let expected = """
      | kernel      |     q | ×   |
      |:------------|------:|:----|
      | a           |     1 | y   |
      | longer name | 12345 | n   |

      """
    #expect(table.text == expected)
  }

  /// A cell can hold anything; the table keeps its columns and its lines keep one width.
  @Test(arguments: ["a|b", "||", "\\|", "<b>", "a\nb", "a\r\nb", "\u{2028}", "", "👩🏽‍💻", "e\u{301}"])
  func noCellBreaksTheTable(_ hostile: String) {
    var table = MarkdownTable([("one", .left), (hostile, .right), ("three", .left)])
    table.append(["x", hostile, "y"])
    table.append([hostile, "1", hostile])
    let lines = table.text.split(separator: "\n")
    #expect(lines.count == 4)
    for line in lines {
      // Bars that Markdown takes for borders: those without a backslash before them.
      let scalars = Array(line.unicodeScalars)
      let borders = scalars.indices.filter {
        scalars[$0] == "|" && ($0 == 0 || scalars[$0 - 1] != "\\")
      }
      #expect(borders.count == 4, "\(line)")
    }
  }

  @Test func anEmptyTableIsNoText() {
    #expect(MarkdownTable([("a", .left)]).text == "")
  }

  @Test func lists() {
    #expect(Markdown.list([]) == "")
    #expect(Markdown.list(["a"]) == "a")
    #expect(Markdown.list(["a", "b", "c"]) == "a, b and c")
  }
}
