internal import Foundation
public import MPGEMM
public import Models

/// A model: what to compute, with which weights, and how to read its text.
public struct Model: Sendable {
  public let configuration: Configuration
  public let weights: Weights
  /// Nil where there is none.
  public private(set) var tokenizer: Tokenizer?
  /// What each rotary frequency is divided by; nil: nothing.
  public private(set) var rotaryFactors: [Float]?
  /// How the ternary weights came into memory.
  public let loading: Loading

  /// How to read a file, where it leaves a choice or does not say.
  public struct Options: Sendable {
    /// How embedding and head are kept in memory; nil: as the file has them.
    public var head: HeadMatrix.Kind?
    public var i2sBlock = I2SBlock.x86
    /// Instead of the activation that the file means.
    public var gate: Configuration.Activation?
    /// Whether matrices that lie in the kernel's layout in a file stay there, mapped, instead of being copied.
    public var mapsWeights = true

    public init() {}

    /// Refuses a kind of head whose blocks the model's rows do not fill.
    fileprivate func check(_ configuration: Configuration, path: String) throws(ModelFileError) {
      guard let head, !head.takes(width: configuration.hidden) else { return }
      throw ModelFileError(
        path: path, part: "width \(configuration.hidden)",
        reason: "does not fill the blocks of a head of \(head.rawValue)",
        remedy: "choose another kind of head")
    }
  }

  private init(
    _ source: some WeightSource, for kernel: any KernelChoice, head: HeadMatrix.Kind?,
    layers: Int? = nil, mapsWeights: Bool = true
  ) throws(ModelFileError) {
    var loading = Loading()
    configuration = source.configuration
    weights = try Weights(
      source, for: kernel, head: head, layers: layers, mapsWeights: mapsWeights, loading: &loading)
    self.loading = loading
  }

  /// Reads a GGUF file, and packs what of its weights does not lie in the kernel's layout.
  ///
  /// The rest stays in the file, which must not be shortened or changed for as long as the model lives.
  ///
  /// - Throws: `ModelFileError`.
  public init(_ file: GGUFFile, for kernel: any KernelChoice, options: Options = Options())
    throws(ModelFileError)
  {
    let source = try GGUFSource(file, gate: options.gate, i2sBlock: options.i2sBlock)
    try options.check(source.configuration, path: file.path)
    try self.init(source, for: kernel, head: options.head, mapsWeights: options.mapsWeights)
    rotaryFactors = try source.rotaryFactors()
    tokenizer = try Tokenizer(file, vocabulary: configuration.vocabulary)
  }

  /// Reads a Hugging Face folder and packs its weights for a kernel.
  ///
  /// - Throws: `ModelFileError`.
  public init(
    _ folder: HuggingFaceFolder, for kernel: any KernelChoice, options: Options = Options()
  )
    throws(ModelFileError)
  {
    let source = try HuggingFaceSource(folder, gate: options.gate)
    try options.check(source.configuration, path: folder.path)
    try self.init(source, for: kernel, head: options.head)
    tokenizer = try Tokenizer(folder, vocabulary: configuration.vocabulary)
  }

  /// Reads a GGUF file, or a Hugging Face folder where the path is a folder's.
  ///
  /// - Throws: `ModelFileError`.
  public init(path: String, for kernel: any KernelChoice, options: Options = Options())
    throws(ModelFileError)
  {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      try self.init(HuggingFaceFolder(path: path), for: kernel, options: options)
    } else {
      try self.init(GGUFFile(path: path), for: kernel, options: options)
    }
  }

  /// Makes random weights of a shape; `layers` differ, and more are these in rotation.
  public init(
    synthetic configuration: Configuration, for kernel: any KernelChoice, head: HeadMatrix.Kind,
    tied: Bool,
    from synthesis: Synthesis, layers: Int = .max
  ) {
    let source = SyntheticSource(
      configuration: configuration, isTied: tied, synthesis: synthesis)
    do {
      try self.init(
        source, for: kernel, head: head, layers: min(layers, configuration.layers))
    } catch {
      preconditionFailure("no file is read: \(error)")
    }
  }

  /// A GGUF file of synthetic weights, the same that `init(synthetic:)` makes.
  ///
  /// `type` is I2_S, or TQ1_0 or TQ2_0 where every width is a multiple of 256.
  public static func file(
    synthetic configuration: Configuration, name: String, from synthesis: Synthesis,
    type: TensorType, tied: Bool
  ) -> GGUFWriter {
    GGUFWriter(
      SyntheticSource(configuration: configuration, isTied: tied, synthesis: synthesis),
      name: name, type: type)
  }
}
