import Foundation

/// Measures the figures in docs/PERFORMANCE.md; prints each with its baseline.
@main
enum Main {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 2 else {
            FileHandle.standardError.write(
                Data("usage: jitgate-benchmark JITGATED [NAME...]\n".utf8)
            )
            exit(2)
        }
        let names = Set(arguments.dropFirst(2))
        for (name, run) in benchmarks where names.isEmpty || names.contains(name) {
            let scene = try Scene(agent: arguments[1])
            defer { scene.end() }
            try run(scene)
        }
    }

    private static let benchmarks: [(String, @Sendable (Scene) throws -> Void)] = [
        ("opening", OpeningLatency.run),
        ("packet", PacketCost.run),
        ("flush", ForeignFlush.run),
        ("strangers", Strangers.run),
        ("lockout", Lockout.run),
        ("start", ManyGrants.start),
        ("expiry", ManyGrants.expiry),
        ("idle", Idle.run),
        ("signatures", Signatures.run),
        ("audit", Audit.run),
        ("fleet-status", FleetStatus.run),
    ]
}

/// Prints a line of the table: the name, the value, and the project's bound.
func report(_ what: String, _ value: String, bound: String) {
    let padded = what.padding(toLength: 64, withPad: " ", startingAt: 0)
    print("\(padded) \(value.padding(toLength: 16, withPad: " ", startingAt: 0)) \(bound)")
}

func report(_ what: String, _ milliseconds: Double, bound: String) {
    report(what, jitgate_benchmark.milliseconds(milliseconds), bound: bound)
}

extension [Double] {
    func percentile(_ share: Double) -> Double {
        let sorted = sorted()
        return sorted[Swift.min(count - 1, Int(share * Double(count)))]
    }
}

func milliseconds(_ value: Double) -> String { String(format: "%.2f ms", value) }
