import ArgumentParser
import Bench

/// `ternbench worker`: what `bench` starts its kernels in; of no use by hand.
struct Worker: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs kernels for bench, which starts it.", shouldDisplay: false)

  func run() {
    PoolProcess.main()
  }
}
