#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A drawing as text: the same calls give the same bytes.
struct SVG {
  private var body = ""
  let width: Int
  let height: Int

  init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
  }

  enum Anchor: String { case start, middle, end }

  mutating func line(
    from a: (x: Double, y: Double), to b: (x: Double, y: Double), color: String,
    dashed: Bool = false
  ) {
    let dashes = dashed ? " stroke-dasharray=\"5 4\"" : ""
    body += """
      <line x1="\(Self.number(a.x))" y1="\(Self.number(a.y))" x2="\(Self.number(b.x))" \
      y2="\(Self.number(b.y))" stroke="\(color)"\(dashes)/>

      """
  }

  /// A circle with a title, which viewers show under the pointer; hollow or filled.
  mutating func circle(
    at center: (x: Double, y: Double), radius: Double, color: String, filled: Bool, title: String
  ) {
    body += """
      <circle cx="\(Self.number(center.x))" cy="\(Self.number(center.y))" \
      r="\(Self.number(radius))" stroke="\(color)" fill="\(filled ? color : "none")">\
      <title>\(Self.escaped(title))</title></circle>

      """
  }

  mutating func text(
    _ text: String, at point: (x: Double, y: Double), anchor: Anchor = .start, turned: Bool = false
  ) {
    let position = "x=\"\(Self.number(point.x))\" y=\"\(Self.number(point.y))\""
    let turn =
      turned ? " transform=\"rotate(-90 \(Self.number(point.x)) \(Self.number(point.y)))\"" : ""
    body +=
      "<text \(position) text-anchor=\"\(anchor.rawValue)\"\(turn)>\(Self.escaped(text))</text>\n"
  }

  /// The file.
  var document: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" \
    viewBox="0 0 \(width) \(height)" font-family="sans-serif" font-size="12">
    <rect width="\(width)" height="\(height)" fill="#ffffff"/>
    \(body)</svg>

    """
  }

  /// Tenths of a pixel.
  private static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths.isMultiple(of: 10) ? "\(tenths / 10)" : "\(Double(tenths) / 10)"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}

/// A logarithmic axis: values in a range of decades to pixels.
struct LogAxis {
  let decades: ClosedRange<Int>
  private let start: Double
  private let end: Double

  /// The whole decades that hold all values.
  ///
  /// - Precondition: All values are finite and above 0.
  init?(_ values: [Double], from start: Double, to end: Double) {
    guard let least = values.min(), let most = values.max() else { return nil }
    let low = Int(log10(least).rounded(.down))
    decades = low...max(low + 1, Int(log10(most).rounded(.up)))
    (self.start, self.end) = (start, end)
  }

  func pixel(_ value: Double) -> Double {
    let low = Double(decades.lowerBound)
    let share = (log10(value) - low) / (Double(decades.upperBound) - low)
    return start + share * (end - start)
  }

  var lowest: Double { Self.power(decades.lowerBound) }
  var highest: Double { Self.power(decades.upperBound) }

  /// A power of ten, exact wherever there is an exact one.
  static func power(_ exponent: Int) -> Double {
    let magnitude = (0..<abs(exponent)).reduce(1.0) { value, _ in value * 10 }
    return exponent < 0 ? 1 / magnitude : magnitude
  }
}
