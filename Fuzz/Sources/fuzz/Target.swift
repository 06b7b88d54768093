/// A parser of bytes from outside, with what must hold of whatever it reads.
struct Target: Sendable {
    let name: String
    let run: @Sendable ([UInt8]) -> Void

    init(name: String, _ run: @escaping @Sendable ([UInt8]) -> Void) {
        self.name = name
        self.run = run
    }

    static let all = texts + documents + logs + control + packets + system

    static func named(_ name: String) -> Target? { all.first { $0.name == name } }
}

/// Ends the run with the input as a finding: what was read does not hold what it must.
func hold(_ condition: Bool, _ law: StaticString, file: StaticString = #file, line: UInt = #line) {
    precondition(condition, "\(law)", file: file, line: line)
}
