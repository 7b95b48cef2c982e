internal import CModel

/// The small trained model that is part of the program; `models/README.md` is its card.
public enum EmbeddedModel {
  /// The name that commands know it by.
  public static let slug = "shakespeare"

  /// The model's file, where it lies in the program.
  public static let file: GGUFFile = {
    do {
      return try GGUFFile(
        MappedFile(
          program: UnsafeRawBufferPointer(start: cmodel_bytes(), count: cmodel_size()), path: slug))
    } catch {
      // The file is part of the program and a test reads it: this cannot be caused from outside.
      fatalError("embedded model: \(error)")
    }
  }()
}
