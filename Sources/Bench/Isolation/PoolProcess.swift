internal import MPGEMM
internal import Machine

/// The process that packs one layout's pool and forks the workers that share its pages.
///
/// It stays a process of one thread, so that forking is safe; its workers start their own.
public struct PoolProcess {
  private let channel: Channel
  private let order: PoolOrder
  private let kernels: [Kernel]
  private let host: any LocalHost

  /// Serves the coordinator on `Subprocess.control` until it is gone; never returns.
  public static func main() -> Never {
    do {
      let channel = Channel(Subprocess.control)
      let order = try channel.receive(PoolOrder.self)
      guard Subprocess.dependOnParent(order.parent) else { exitProcess(0) }
      do {
        let process = try PoolProcess(order, channel)
        try channel.send(PoolAnswer.packed(process.host.pool))
        try process.serve()
      } catch let error where !(error is ChannelFailure) {
        try channel.send(PoolAnswer.refused("\(error)"))
      }
    } catch {
      // The coordinator is gone, and with it whoever could be told.
    }
    exitProcess(0)
  }

  private init(_ order: PoolOrder, _ channel: Channel) throws {
    guard order.version == PoolOrder.currentVersion else {
      throw Refusal("the program was replaced during the sweep")
    }
    self.order = order
    self.channel = channel
    if !order.cpus.isEmpty { _ = Affinity.pinCurrentThread(to: order.cpus) }
    kernels = try Kernel.all + order.plugins.flatMap { try Kernel.plugin(at: $0) }
    guard let memory = MemoryPlacement(rawValue: order.memory) else {
      throw Refusal("no memory placement \(order.memory)")
    }
    let topology = Topology.read()
    // Who touches memory first decides where it lies.
    if let first = topology.placement.value?.first { _ = Affinity.pinCurrentThread(to: [first]) }
    host = order.target.localHost(
      packing: TargetWeights(order.target, seed: order.seed), for: try kernels.named(order.kernel),
      poolBytes: order.poolBytes, memory: PoolMemory(memory, topology), seed: order.seed,
      threads: ThreadPools(topology))
    // Once, before the workers are forked, rather than once in each.
    for tokens in order.tokens { host.prepareActivations(tokens: tokens) }
  }

  private func serve() throws {
    while true {
      switch try channel.receive(PoolCommand.self) {
      case .fork: try fork()
      case .reap(let id): try channel.send(ending(of: Subprocess(id: id)))
      }
    }
  }

  private func fork() throws {
    let own = Channel(try Subprocess.receiveDescriptor(over: channel.socket))
    let parent = Subprocess.current
    do {
      guard let child = try Subprocess.fork() else {
        guard Subprocess.dependOnParent(parent) else { exitProcess(0) }
        channel.close()
        Worker(host, order, kernels, own).serve()
      }
      try channel.send(PoolReply.forked(child.id))
    } catch let error as ProcessError {
      try channel.send(PoolReply.refused(error.description))
    }
  }

  private func ending(of worker: Subprocess) -> PoolReply {
    do {
      switch try worker.wait() {
      case .exited(let status): return .exited(status)
      case .signal(let number): return .signal(number)
      }
    } catch {
      return .refused(error.description)
    }
  }
}

extension PoolOrder {
  /// What is packed; who asks knows what model it is of.
  var target: Target {
    var target = Target(
      outFeatures: outFeatures, inFeatures: inFeatures, zeroDensity: zeroDensity)
    target.ring = ring
    return target
  }
}

extension Target {
  /// Packs the weights of a matrix or a ring in this process.
  func localHost(
    packing weights: TargetWeights, for kernel: Kernel, poolBytes: Int, memory: PoolMemory,
    seed: UInt64, threads: ThreadPools
  ) -> any LocalHost {
    if let ring {
      return LocalRingHost(
        packing: weights, of: ring, for: kernel, mostBytes: poolBytes, memory: memory, seed: seed,
        threads: threads)
    }
    return LocalPoolHost(
      packing: weights.matrices[0], for: kernel, poolBytes: poolBytes, memory: memory, seed: seed,
      threads: threads)
  }
}

/// What a process of ours cannot do, in its own words.
struct Refusal: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

extension [Kernel] {
  /// The kernel of a name that the coordinator knows.
  func named(_ name: String) throws -> Kernel {
    guard let kernel = first(where: { $0.name == name }) else {
      throw Refusal("no kernel \(name): the program or a plug-in was replaced during the sweep")
    }
    return kernel
  }
}
