import Decoder
import Foundation
import MPGEMM
import Models
import Testing

/// The trained model in the program gives what PyTorch makes of its file.
@Suite struct TrainedModelTests {
  let model: TrainedModel

  init() throws {
    model = try TrainedModel.golden.get()
  }

  @Test func noModelOfTheCatalogueHasItsName() {
    #expect(!ModelCatalogue.all.contains { $0.slug == EmbeddedModel.slug })
  }

  @Test func aWidthIsNoMultipleOf128() {
    #expect(!model.configuration.ffn.isMultiple(of: 128))
  }

  @Test func tokensAreTheReferences() {
    let begin = model.tokenizer.encode(model.heldOut).prefix(model.reference.ids.count)
    #expect(Array(begin) == model.reference.ids)
    // Of every window, all tokens but the first are predicted.
    let windows = model.reference.windowLosses.count
    #expect(model.tokens.count - windows == model.reference.predicted)
    #expect(model.tokenizer.decode(model.tokens) == model.heldOut)
  }

  @Test func theCardSaysThePerplexity() throws {
    let card = try String(
      contentsOf: URL(filePath: #filePath).appending(path: "../../../models/README.md")
        .standardized,
      encoding: .utf8)
    #expect(card.contains("| \(String(format: "%.3f", model.reference.perplexity)) |"))
  }

  @Test func logitsAgreeWithPyTorch() throws {
    let kernel = Kernel.lossless[0]
    let rows = model.logits(model.decoder(try model.packed(kernel), kernel, memory: .f32))
    #expect(rows.map(TokenSampler.likeliest) == model.reference.likeliest)
    #expect(model.reference.logits.count == 4)
    for (position, theirs) in model.reference.logits {
      let ours = rows[try #require(Int(position))]
      #expect(ours.count == theirs.count)
      let error = zip(ours, theirs).map { abs($0 - $1) }.max() ?? .infinity
      #expect(
        error <= AgreementTests.tolerance * model.reference.spread, "position \(position): \(error)"
      )
    }
  }

  /// The perplexity of the model card, window by window, with keys and values as commands keep them.
  @Test func perplexityAgreesWithPyTorch() throws {
    let theirs = model.reference.windowLosses
    let kernel = try #require(
      Kernel.lossless.max { $0.requiredISA.rawValue < $1.requiredISA.rawValue })
    let decoder = model.decoder(try model.packed(kernel), kernel, threads: 2)
    var (loss, predicted) = (0.0, 0)
    for index in theirs.indices.prefix(TrainedModel.isReduced ? 4 : theirs.count) {
      var window = Perplexity()
      window.add(
        Array(model.tokens.dropFirst(index * model.window).prefix(model.window)),
        window: model.window, by: decoder)
      loss += window.negativeLogLikelihood
      predicted += window.tokens
      let error = abs(window.negativeLogLikelihood / theirs[index] - 1)
      #expect(error < 0.005, "window \(index): \(error)")
    }
    if !TrainedModel.isReduced {
      #expect(predicted == model.reference.predicted)
      let error = abs(exp(loss / Double(predicted)) / model.reference.perplexity - 1)
      #expect(error < 0.005, "\(error)")
    }
  }
}
