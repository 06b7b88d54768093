import Conditions
import Linux

/// Rulesets that are loaded at boot and hold the agent's own table.
///
/// The kernel lets nobody but its owner change that, and nft(8) loads a file as a whole: of a ruleset
/// that was saved while the agent ran nothing would be there after the next boot.
struct SavedRulesetCheck {
    /// The files in which distributions keep it.
    static let usual = [
        "/etc/nftables.conf", "/etc/sysconfig/nftables.conf", "/etc/nftables.nft",
        "/var/lib/nftables/rules-save",
    ]
    private static let sizeLimit = 16 << 20
    private static let fileLimit = 256

    private(set) var results: [CheckResult] = []
    private var seen: Set<String> = []

    init(_ paths: [String] = usual) {
        for path in paths { examine(path, loadedBy: path) }
    }

    private mutating func examine(_ path: String, loadedBy root: String) {
        guard seen.count < Self.fileLimit, seen.insert(path).inserted,
            let bytes = try? SmallFile.read(path, limit: Self.sizeLimit, awaiting: false)
        else { return }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var before: Substring?
        for (index, line) in lines.enumerated() {
            let words = Self.words(line)
            for word in words {
                if before == "inet", word == "jitgate" { tell(path, line: index + 1, root) }
                before = word
            }
            if words.first == "include", words.count > 1 {
                for other in Self.included(words[1]) { examine(other, loadedBy: root) }
            }
        }
    }

    /// The words of a line, without a comment.
    private static func words(_ line: ArraySlice<UInt8>) -> [Substring] {
        let text = String(decoding: line.prefix { $0 != UInt8(ascii: "#") }, as: UTF8.self)
        return text.split { $0.isWhitespace || "{};\"".contains($0) }
    }

    /// nft(8) looks below /etc for names that do not begin with a slash.
    private static func included(_ pattern: Substring) -> [String] {
        PathPattern.paths(pattern.hasPrefix("/") ? String(pattern) : "/etc/\(pattern)")
    }

    private mutating func tell(_ path: String, line: Int, _ root: String) {
        guard results.last?.condition?.subject != path else { return }
        results.add(FirewallConditions.savedRuleset(path, line: line, loadedBy: root))
    }
}
