import Admission
import AgentSettings
import Foundation
import Testing

@Suite struct `The manual page jitgate.toml(5)` {
    static let file = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "docs/man/jitgate.toml.5")

    let text: String

    init() throws {
        text = try String(contentsOf: Self.file, encoding: .utf8)
    }

    @Test func `shows an example that is a policy`() throws {
        let start = try #require(text.range(of: ".EX\n"))
        let end = try #require(text.range(of: ".EE\n"))
        let example = String(text[start.upperBound..<end.lowerBound])
        let configuration = try Configuration(parsing: example, file: "example")
        #expect(configuration.policy.ports.count == 2)
    }

    @Test func `has a paragraph for every key that there is`() {
        let keys = Configuration.defaults.toml.split(separator: "\n")
            .compactMap { $0.contains(" = ") ? $0.prefix { $0 != " " } : nil }
        for key in Set(
            keys + [
                "hostname", "labels", "revoked_keys", "signers", "kinds", "ports", "requestors",
                "sources", "alarm", "owner", "fleet", "max_staleness",
            ]
        ) {
            #expect(text.contains("\n.BR \(key) \" = ") || text.contains("\" \(key) \""), "\(key)")
        }
    }
}
