internal import Results
internal import Statistics

/// Speed over operational intensity for one number of threads, under the roofs that the probes measured.
struct Roofline {
  /// A kernel in one comparison, all layers together.
  struct Point {
    let kernel: String
    let family: String
    let label: String
    let cache: CacheRegime
    /// Operations on each byte of packed weights.
    let intensity: Double
    let gopPerSecond: Double
  }

  /// What bytes allow: a rate of reading is a line of slope one.
  struct Roof {
    let label: String
    let gbPerSecond: Double
  }

  let threads: Int
  let points: [Point]
  let roofs: [Roof]

  var fileName: String {
    "roofline-\(Numbers.count(threads, "thread").replacing(" ", with: "-")).svg"
  }

  private static let size = (width: 860, height: 540)
  private static let left = 70.0
  private static let right = 640.0
  private static let top = 40.0
  private static let bottom = 480.0
  /// Okabe and Ito's colours, which the colour-blind can tell apart, and greys after them.
  private static let colors = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999",
    "#7f5f00", "#5f7f7f",
  ]

  /// The drawing; nil when there is nothing to draw.
  var svg: String? {
    let roofSpeeds = roofs.flatMap { roof in points.map { roof.gbPerSecond * $0.intensity } }
    guard
      let x = LogAxis(points.map(\.intensity), from: Self.left, to: Self.right),
      let y = LogAxis(
        points.map(\.gopPerSecond) + roofSpeeds, from: Self.bottom, to: Self.top)
    else { return nil }
    var svg = SVG(width: Self.size.width, height: Self.size.height)
    svg.text(
      "Speed and operational intensity, \(Numbers.count(threads, "thread"))",
      at: (Self.left, Self.top - 16))
    grid(&svg, x, y)
    for roof in roofs { draw(roof, on: &svg, x, y) }
    let families = Groups(points) { [$0.family] }.inOrder.map { $0[0].family }
    for point in points {
      let color = Self.color(families.firstIndex(of: point.family) ?? 0)
      svg.circle(
        at: (x.pixel(point.intensity), y.pixel(point.gopPerSecond)), radius: 4, color: color,
        filled: point.cache == .cold, title: "\(point.kernel), \(point.label)")
    }
    legend(&svg, families)
    return svg.document
  }

  private static func color(_ index: Int) -> String { colors[index % colors.count] }

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
      "operations / byte of packed weights", at: ((Self.left + Self.right) / 2, Self.bottom + 40),
      anchor: .middle)
    svg.text("GOP/s", at: (18, (Self.top + Self.bottom) / 2), anchor: .middle, turned: true)
  }

  /// The part of the roof's line that lies inside the axes.
  private func draw(_ roof: Roof, on svg: inout SVG, _ x: LogAxis, _ y: LogAxis) {
    let from = max(x.lowest, y.lowest / roof.gbPerSecond)
    let to = min(x.highest, y.highest / roof.gbPerSecond)
    guard from < to else { return }
    let (begin, end) = (
      (x: x.pixel(from), y: y.pixel(from * roof.gbPerSecond)),
      (x: x.pixel(to), y: y.pixel(to * roof.gbPerSecond))
    )
    svg.line(from: begin, to: end, color: "#666666", dashed: roof.label.hasPrefix("hot"))
  }

  private func legend(_ svg: inout SVG, _ families: [String]) {
    var place = Self.top + 10
    func entry(_ text: String) {
      svg.text(text, at: (Self.right + 34, place + 4))
      place += 20
    }
    for (index, family) in families.enumerated() {
      svg.circle(
        at: (Self.right + 22, place), radius: 4, color: Self.color(index), filled: true,
        title: family)
      entry(family)
    }
    place += 10
    for (filled, text) in [(true, "cold"), (false, "hot")] {
      svg.circle(
        at: (Self.right + 22, place), radius: 4, color: "#444444", filled: filled, title: text)
      entry(text)
    }
    for roof in roofs {
      svg.line(
        from: (Self.right + 14, place), to: (Self.right + 30, place), color: "#666666",
        dashed: roof.label.hasPrefix("hot"))
      entry("\(roof.label): \(Numbers.significant(roof.gbPerSecond)) GB/s")
    }
  }
}
