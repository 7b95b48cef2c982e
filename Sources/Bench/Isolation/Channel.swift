internal import Foundation

/// Why no message could be had or sent.
enum ChannelFailure: Error, Equatable {
  /// The other side is gone.
  case closed
  /// The time given for an answer is over.
  case timedOut
  /// The one who watched the wait has had enough.
  case calledOff
  /// What came is no message.
  case garbled(String)
}

/// Messages over a connected socket: eight bytes of length, then JSON, or floats where a result is sent.
final class Channel {
  /// Minus one once it is closed.
  private(set) var socket: Int32
  private let encoder = JSONEncoder()
  private let decoder = JSONDecoder()

  /// How long a wait lasts before it is watched: longer than most samples, so that these are not disturbed.
  private static let watchSeconds = 0.1
  /// Above what any message has; a length beyond it is garbage.
  private static let longestMessage = 1 << 34

  /// Takes a socket, and closes it in the end.
  init(_ socket: Int32) {
    self.socket = socket
  }

  deinit { close() }

  /// Closes this process's end.
  func close() {
    if socket >= 0 { _ = Foundation.close(socket) }
    socket = -1
  }

  func send(_ message: some Encodable) throws(ChannelFailure) {
    do {
      try sendFrame(encoder.encode(message))
    } catch let failure as ChannelFailure {
      throw failure
    } catch {
      throw .garbled("\(error)")
    }
  }

  /// Waits for a message, for some seconds or for ever; `watch` is called every tenth of a second, and
  /// calls the wait off by false.
  func receive<Message: Decodable>(
    _ type: Message.Type, within seconds: Double? = nil, watch: () -> Bool = { true }
  ) throws(ChannelFailure) -> Message {
    let frame = try receiveFrame(within: seconds, watch: watch)
    do {
      return try decoder.decode(type, from: Data(frame))
    } catch {
      throw .garbled("\(error)")
    }
  }

  func send(floats: [Float]) throws(ChannelFailure) {
    try sendFrame(floats.withUnsafeBytes { Data($0) })
  }

  func receiveFloats(within seconds: Double) throws(ChannelFailure) -> [Float] {
    let frame = try receiveFrame(within: seconds, watch: { true })
    let count = frame.count / MemoryLayout<Float>.stride
    return [Float](unsafeUninitializedCapacity: count) { target, initialized in
      _ = frame.withUnsafeBytes { $0.copyBytes(to: UnsafeMutableRawBufferPointer(target)) }
      initialized = count
    }
  }

  private func sendFrame(_ bytes: Data) throws(ChannelFailure) {
    var frame = withUnsafeBytes(of: UInt64(bytes.count)) { Data($0) }
    frame.append(bytes)
    var sent = 0
    while sent < frame.count {
      // A process that is gone is an answer, not a signal.
      let count = frame.withUnsafeBytes { bytes in
        Foundation.send(
          socket, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .closed }
      sent += count
    }
  }

  private func receiveFrame(
    within seconds: Double?, watch: () -> Bool
  ) throws(ChannelFailure) -> [UInt8] {
    // Counted in waits, not by the clock: a machine that was suspended has not given the worker time.
    var left = seconds.map { Int(($0 / Self.watchSeconds).rounded(.up)) }
    let head = try receive(byteCount: 8, &left, watch)
    let length = head.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    guard length <= Self.longestMessage else { throw .garbled("a message of \(length) bytes") }
    return try receive(byteCount: Int(length), &left, watch)
  }

  private func receive(
    byteCount: Int, _ left: inout Int?, _ watch: () -> Bool
  ) throws(ChannelFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var received = 0
    while received < byteCount {
      var wait = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      let ready = poll(&wait, 1, Int32(Self.watchSeconds * 1000))
      if ready == 0 {
        guard watch() else { throw .calledOff }
        if let waits = left {
          guard waits > 0 else { throw .timedOut }
          left = waits - 1
        }
        continue
      }
      if ready < 0 && errno == EINTR { continue }
      let count = bytes.withUnsafeMutableBytes { bytes in
        recv(socket, bytes.baseAddress.map { $0 + received }, byteCount - received, 0)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .closed }
      received += count
    }
    return bytes
  }
}
