package import Depot
package import Transparency

/// The hosts of a fleet and their keys (docs/PROTOCOL.fleet, section 7).
package struct Inventory: Hashable, Sendable {
    /// The longest file, in bytes: 20,000 hosts.
    package static let fileLimit = 8 << 20

    /// A host as the inventory has it.
    package struct Entry: Hashable, Sendable {
        package enum Kind: Hashable, Sendable {
            case keyed(VerifierKey)
            /// It is known to have no agent yet.
            case unconfigured
            /// It is known that jitgate cannot protect it, with the code of the condition.
            case unsupported(String)
            case retired
        }

        /// The name of the host's objects in the depot.
        package let host: ShelfName
        package let kind: Kind
        /// The hosts that should have the same policy and the same signers.
        package let group: String
    }

    /// The hosts in the order of the file, none of them twice.
    package let entries: [Entry]

    /// Reads a whole file; one malformed line refuses all of it.
    package init(parsing bytes: [UInt8]) throws(InventoryError) {
        var entries: [Entry] = []
        var seen: Set<ShelfName> = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            guard let entry = try Entry(line, number: index + 1) else { continue }
            guard seen.insert(entry.host).inserted else {
                throw InventoryError(line: index + 1, "\(entry.host) is there a second time")
            }
            entries.append(entry)
        }
        self.entries = entries
    }
}

extension Inventory.Entry {
    /// The line of the host, without its line feed.
    package var line: String {
        let word =
            switch kind {
            case .keyed(let key): key.description
            case .unconfigured: "-"
            case .unsupported(let code): "unsupported=\(code)"
            case .retired: "retired"
            }
        return "\(host) \(word)" + (group.isEmpty ? "" : " group=\(group)")
    }

    /// True if it has the key of the host.
    package var isKeyed: Bool {
        guard case .keyed = kind else { return false }
        return true
    }
}

/// The reason why a file is no inventory.
package struct InventoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The number of the line, from 1.
    package let line: Int
    package let reason: String

    init(line: Int, _ reason: String) {
        (self.line, self.reason) = (line, reason)
    }

    package var description: String { "line \(line): \(reason)" }
}

extension Inventory.Entry {
    private static let groupOption = "group="
    private static let unsupportedOption = "unsupported="

    /// Reads a line; `nil` for an empty line or a comment.
    fileprivate init?(_ bytes: ArraySlice<UInt8>, number: Int) throws(InventoryError) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InventoryError(line: number, "this is not UTF-8")
        }
        let words = text.split(whereSeparator: { " \t\r".contains($0) }).map(String.init)
        guard let first = words.first, !first.hasPrefix("#") else { return nil }
        guard let host = ShelfName(first) else {
            throw InventoryError(
                line: number,
                "\(first.debugDescription) is no host name in lower case: \(ShelfName.grammar)"
            )
        }
        guard words.count == 2 || words.count == 3 else {
            throw InventoryError(
                line: number,
                "a line is: HOST, KEY or - or unsupported=CODE or retired, group=NAME if any"
            )
        }
        self.host = host
        kind = try Self.kind(words[1], line: number)
        group = try words.count == 3 ? Self.group(words[2], line: number) : ""
    }

    private static func kind(_ word: String, line: Int) throws(InventoryError) -> Kind {
        switch word {
        case "-": return .unconfigured
        case "retired": return .retired
        case _ where word.hasPrefix(unsupportedOption):
            return .unsupported(try code(word, line: line))
        default:
            do throws(ProofError) {
                return .keyed(try VerifierKey(parsing: word))
            } catch {
                throw InventoryError(line: line, "the key: \(error)")
            }
        }
    }

    /// A code is a word such as those of docs/CONDITIONS.md.
    private static func code(_ word: String, line: Int) throws(InventoryError) -> String {
        let code = String(word.dropFirst(unsupportedOption.count))
        guard ShelfName(code) != nil, code.utf8.count <= 64 else {
            throw InventoryError(
                line: line,
                "\(word.debugDescription) is not unsupported= and the code of a condition"
            )
        }
        return code
    }

    private static func group(_ word: String, line: Int) throws(InventoryError) -> String {
        let name = word.dropFirst(groupOption.count)
        guard word.hasPrefix(groupOption), ShelfName(String(name)) != nil else {
            throw InventoryError(
                line: line,
                "\(word.debugDescription) is not group= and a name of \(ShelfName.grammar)"
            )
        }
        return String(name)
    }
}
