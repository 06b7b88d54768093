/// A parser of bytes from outside, with the properties that its results must have.
struct Target: Sendable {
    let name: String
    let run: @Sendable ([UInt8]) -> Void

    init(name: String, _ run: @escaping @Sendable ([UInt8]) -> Void) {
        self.name = name
        self.run = run
    }

    static let all =
        texts + documents + logs + control + packets + system + pages + depots + fleets + hubs

    static func named(_ name: String) -> Target? { all.first { $0.name == name } }
}

/// Ends the run with the input as a finding if a property does not hold.
func hold(_ condition: Bool, _ law: StaticString, file: StaticString = #file, line: UInt = #line) {
    precondition(condition, "\(law)", file: file, line: line)
}
