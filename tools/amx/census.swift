// census.swift: the instruction census of the AMX kernels, in the emulated machine; built with its tests' sources.
//
//   census opcodes.csv MxNxK...
import Foundation
import MPGEMM

/// What a kernel declares and does not execute, or the other way about.
func differences(_ kernel: Kernel, _ shape: Shape, _ table: OpcodeTable) throws -> [String] {
  let executed = try InstructionCensus(kernel, shape, table: table).executed()
  let declared = kernel.count(shape)
  return [
    ("prepare", declared.prepare, executed.prepare),
    ("compute", declared.compute, executed.compute),
  ].flatMap { stage, declared, executed in
    OperationCounts.classes.filter { declared[keyPath: $1] != executed[keyPath: $1] }.map {
      "\(stage) declares \(declared[keyPath: $1]) \($0), executes \(executed[keyPath: $1])"
    }
  }
}

@main
struct Main {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    let kernels = Kernel.all.filter { $0.isRunnable && $0.requiredISA.names.contains("amxint8") }
    guard let path = arguments.first, !kernels.isEmpty else {
      print("census: no table is named, or this CPU runs no AMX kernel")
      exit(1)
    }
    let table = try OpcodeTable(csv: String(contentsOfFile: path, encoding: .utf8))
    var wrong = 0
    for shape in arguments.dropFirst().compactMap({ Shape($0) }) {
      for kernel in kernels {
        let found = try differences(kernel, shape, table)
        print("\(kernel.name) \(shape): \(found.isEmpty ? "as declared" : "WRONG")")
        for line in found { print("  \(line)") }
        wrong += found.count
      }
    }
    exit(wrong == 0 ? 0 : 1)
  }
}
