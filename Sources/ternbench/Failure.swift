import ArgumentParser
import Energy
import MPGEMM
import Models
import Results

/// What a command ends with, as `sysexits.h` and the manual number it.
enum Exit {
  /// A regression, where one was asked about.
  static let slower: Int32 = 2
  static let wrongResult: Int32 = 3
  static let nothingToRun: Int32 = 6
  static let usage: Int32 = 64
  static let data: Int32 = 65
  static let io: Int32 = 74
  /// 128 and SIGINT.
  static let interrupted: Int32 = 130
}

/// An error that names the thing, the reason and the remedy, with the exit code it deserves.
protocol CategorizedFailure: Error {
  var message: String { get }
  var exitCode: Int32 { get }
}

/// A failure of the command line's own.
struct Failure: CategorizedFailure {
  let message: String
  let exitCode: Int32

  static func usage(_ message: String) -> Failure {
    Failure(message: message, exitCode: Exit.usage)
  }
}

extension ResultsError: CategorizedFailure {
  var message: String { description }
  var exitCode: Int32 { category.exitCode }
}

extension ModelError: CategorizedFailure {
  var message: String { description }
  var exitCode: Int32 {
    switch self {
    case .unknownModel: Exit.usage
    case .invalidFile: Exit.data
    case .unreadableFile: Exit.io
    }
  }
}

extension EnergyError: CategorizedFailure {
  var message: String { description }
  var exitCode: Int32 {
    switch self {
    case .unknownNode, .unknownMemory, .unknownZeros, .tooManyOperations: Exit.usage
    case .invalidFile, .unpriced: Exit.data
    case .unreadableFile: Exit.io
    }
  }
}

extension KernelError: CategorizedFailure {
  var message: String { description }
  var exitCode: Int32 {
    switch self {
    case .pluginNotLoadable: Exit.io
    default: Exit.data
    }
  }
}

extension ModelFileError: CategorizedFailure {
  var message: String { description }
  var exitCode: Int32 {
    switch category {
    case .unreadable: Exit.io
    case .invalid: Exit.data
    }
  }
}
