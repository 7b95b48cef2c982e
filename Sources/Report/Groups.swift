/// Elements that share a key, in the order in which the keys were first met.
struct Groups<Element> {
  private(set) var inOrder: [[Element]] = []

  init(_ elements: [Element], by key: (Element) -> [String]) {
    var places: [[String]: Int] = [:]
    for element in elements {
      let key = key(element)
      if let place = places[key] {
        inOrder[place].append(element)
      } else {
        places[key] = inOrder.count
        inOrder.append([element])
      }
    }
  }
}
