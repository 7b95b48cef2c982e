/// Finds the candidate that takes the fewest insertions and deletions to reach from a mistyped name.
///
/// Case is ignored. A substitution costs two edits, so that part of a name finds the whole of it before
/// it finds another name of its own length. The first of equally near candidates wins.
///
/// - Returns: The nearest candidate, or `nil` when there are none.
public func nearestName(to name: String, in candidates: some Sequence<String>) -> String? {
  let typed = Array(name.lowercased())
  var nearest: (name: String, distance: Int)?
  for candidate in candidates {
    let distance = editDistance(typed, Array(candidate.lowercased()))
    if distance < nearest?.distance ?? .max { nearest = (candidate, distance) }
  }
  return nearest?.name
}

/// Counts the insertions and deletions that turn one text into the other.
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  // previous[j] is the distance between the characters of a seen so far and the first j of b.
  var previous = Array(0...b.count)
  for (i, character) in a.enumerated() {
    var current = [i + 1]
    current.reserveCapacity(b.count + 1)
    for (j, other) in b.enumerated() {
      current.append(
        character == other ? previous[j] : 1 + min(previous[j + 1], current[j]))
    }
    previous = current
  }
  return previous[b.count]
}
