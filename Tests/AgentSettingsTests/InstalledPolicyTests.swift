import Admission
import AgentSettings
import Foundation
import Testing

@Suite struct `The policy that is installed` {
    static let file = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "etc/jitgate/jitgate.toml")

    private static let approverKeys = [
        "signers", "kinds", "ports", "requestors", "sources", "max_duration", "max_wait",
        "alarm",
    ]

    let text: String

    init() throws {
        text = try String(contentsOf: Self.file, encoding: .utf8)
    }

    @Test func `says nothing but the defaults`() throws {
        #expect(try Configuration(parsing: text, file: "jitgate.toml") == .defaults)
    }

    /// Each `key = value` without which a reader of the file would not know that the key exists.
    @Test func `mentions every key that there is`() {
        let keys = Configuration.defaults.toml.split(separator: "\n")
            .compactMap { $0.contains(" = ") ? $0.prefix { $0 != " " } : nil }
        for key in Set(keys) {
            #expect(text.contains("\n\(key) = "), "\(key) is not in the file")
        }
        for key in ["hostname", "labels", "revoked_keys", "owner"] + Self.approverKeys {
            #expect(text.contains("\n# \(key) = "))
        }
    }

    @Test func `shows an approver that is one`() throws {
        let lines = text.split(separator: "\n").drop { $0 != "# [[approver]]" }
            .prefix { $0.hasPrefix("# ") }
        let example = lines.map { $0.dropFirst(2) + "\n" }.joined()
        let policy = try Configuration(parsing: example, file: "example").policy
        #expect(policy.approvers.count == 1)
    }

    @Test func `explains every key in a comment above it`() throws {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var isExplained = false
        for line in lines {
            if line.hasPrefix("#") { isExplained = true }
            if line.isEmpty { isExplained = false }
            if line.contains(" = "), !line.hasPrefix("#") { #expect(isExplained || isPort(line)) }
        }
    }

    /// Finds lines that name a port, which need no words.
    private func isPort(_ line: Substring) -> Bool {
        line.hasPrefix("number") || line.hasPrefix("protocol")
    }
}
