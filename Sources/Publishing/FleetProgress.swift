package import CommandSupport

/// The number of things that are done, on a terminal.
package struct FleetProgress {
    private let count: Int
    private let name: String
    private var done = 0
    private let write: (@Sendable (String) -> Void)?

    package init(of count: Int, _ name: String, on console: Console) {
        (self.count, self.name) = (count, name)
        write = count > 1 ? console.progress : nil
    }

    package mutating func advance() {
        done += 1
        write?("\(done) of \(count) \(name)")
    }

    package func end() { write?("") }
}
