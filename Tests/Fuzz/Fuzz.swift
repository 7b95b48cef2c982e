import Decoder
import Foundation
import Models

/// Reads damaged copies of good model files, and reports how many were refused.
///
///     fuzz [--first N] [--count N] [--memory BYTES] GOOD...
///
/// Each GOOD is a GGUF file, or a folder, of which one file is damaged at a time. Input n is the same in
/// every run. Whatever is read must end in a model or in one `ModelFileError`; a trap, an input
/// that takes too long, or one that takes more than BYTES of memory ends the process and names n.
@main struct Fuzz {
  private var first = 0
  private var count = 1000
  private var memory: Int?
  private var good: [String] = []

  static func main() throws {
    let fuzz = try Fuzz(CommandLine.arguments.dropFirst())
    try fuzz.run()
  }

  private struct Usage: Error {}

  private init(_ arguments: ArraySlice<String>) throws {
    var left = arguments
    while let argument = left.popFirst() {
      switch argument {
      case "--first": first = try Self.number(left.popFirst())
      case "--count": count = try Self.number(left.popFirst())
      case "--memory": memory = try Self.number(left.popFirst())
      default: good.append(argument)
      }
    }
    guard !good.isEmpty else { throw Usage() }
  }

  private static func number(_ text: String?) throws -> Int {
    guard let number = text.flatMap({ Int($0) }) else { throw Usage() }
    return number
  }

  private func run() throws {
    let scratch = FileManager.default.temporaryDirectory
      .appendingPathComponent("fuzz-\(ProcessInfo.processInfo.processIdentifier)").path
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let models = try good.enumerated().map { try GoodModel($1, copiedTo: "\(scratch)/\($0)") }
    // Good files first: they must be, and what is made once is made.
    for model in models { try model.read() }
    Watch.begin()
    let before = Watch.size(of: "VmRSS:")
    if let memory { Watch.limit(to: memory) }
    var refused = 0
    for input in first..<first + count {
      var mutator = Mutator(seed: UInt64(input))
      let model = mutator.choice(of: models)
      try model.damage(by: &mutator)
      Watch.next(input)
      do {
        try model.read()
      } catch let error as ModelFileError {
        guard !error.reason.isEmpty, !error.description.contains("\n") else {
          throw Nameless(input: input, description: error.description)
        }
        refused += 1
      }
      try model.mend()
    }
    let growth = max(Watch.size(of: "VmHWM:") - before, 0)
    print("inputs=\(count) refused=\(refused) resident_growth_bytes=\(growth)")
  }

  private struct Nameless: Error {
    let input: Int
    let description: String
  }
}
