/// Tokens per second over the bytes that a token must read, with the speed at which people read.
struct DecodePlot {
  struct Point {
    let series: String
    let label: String
    /// What a step reads, in 1e9 bytes.
    let gigabytes: Double
    let tokensPerSecond: Double
  }

  static let fileName = "decode.svg"
  /// Tokens per second, as the README of microsoft/BitNet has it.
  static let humanReading = 5.0...7.0

  let points: [Point]

  init(_ points: [Point]) {
    self.points = points.filter { $0.gigabytes.isNormal && $0.tokensPerSecond.isNormal }
  }

  private static let size = (width: 1000, height: 540)
  private static let (left, right, top, bottom) = (70.0, 600.0, 40.0, 480.0)
  /// Okabe and Ito's colours, which the colour-blind can tell apart, and greys after them.
  private static let colors = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999",
  ]

  /// The drawing; nil when there is nothing to draw.
  var svg: String? {
    let speeds =
      points.map(\.tokensPerSecond) + [Self.humanReading.lowerBound, Self.humanReading.upperBound]
    guard !points.isEmpty,
      let x = LogAxis(points.map(\.gigabytes), from: Self.left, to: Self.right),
      let y = LogAxis(speeds, from: Self.bottom, to: Self.top)
    else { return nil }
    var svg = SVG(width: Self.size.width, height: Self.size.height)
    svg.text("Decoding: speed and what a token reads", at: (Self.left, Self.top - 16))
    grid(&svg, x, y)
    for speed in [Self.humanReading.lowerBound, Self.humanReading.upperBound] {
      let place = y.pixel(speed)
      svg.line(from: (Self.left, place), to: (Self.right, place), color: "#666666", dashed: true)
    }
    svg.text(
      "people read 5 to 7 tokens/s", at: (Self.left + 6, y.pixel(Self.humanReading.upperBound) - 5))
    let series = Groups(points) { [$0.series] }.inOrder
    for (index, points) in series.enumerated() {
      let color = Self.colors[index % Self.colors.count]
      for point in points {
        svg.circle(
          at: (x.pixel(point.gigabytes), y.pixel(point.tokensPerSecond)), radius: 4, color: color,
          filled: index < Self.colors.count,
          title:
            "\(point.label), \(point.series): \(Numbers.significant(point.tokensPerSecond)) tokens/s"
        )
      }
      let place = Self.top + 10 + 20 * Double(index)
      svg.circle(
        at: (Self.right + 22, place), radius: 4, color: color, filled: index < Self.colors.count,
        title: points[0].series)
      svg.text(points[0].series, at: (Self.right + 34, place + 4))
    }
    return svg.document
  }

  private func grid(_ svg: inout SVG, _ x: LogAxis, _ y: LogAxis) {
    for decade in x.decades {
      let place = x.pixel(LogAxis.power(decade))
      svg.line(from: (place, Self.top), to: (place, Self.bottom), color: "#dddddd")
      svg.text(
        Numbers.significant(LogAxis.power(decade)), at: (place, Self.bottom + 18), anchor: .middle)
    }
    for decade in y.decades {
      let place = y.pixel(LogAxis.power(decade))
      svg.line(from: (Self.left, place), to: (Self.right, place), color: "#dddddd")
      svg.text(
        Numbers.significant(LogAxis.power(decade)), at: (Self.left - 8, place + 4), anchor: .end)
    }
    svg.text(
      "GB that a token reads", at: ((Self.left + Self.right) / 2, Self.bottom + 40),
      anchor: .middle)
    svg.text("tokens/s", at: (18, (Self.top + Self.bottom) / 2), anchor: .middle, turned: true)
  }
}
