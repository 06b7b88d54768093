import Admission
import CommandSupport
import AgentSettings
import Linux
import StrictTOML

/// The change of `mode` in a policy file, which leaves all other bytes as they are.
struct PolicyModeEdit {
    let path: String
    /// The file before and after.
    let before: [UInt8]
    let after: [UInt8]

    init(_ path: String, to mode: Mode) throws(CommandFailure) {
        self.path = path
        before = try GrantFile.read(path, limit: Configuration.fileLimit)
        after = Self.text(before, with: mode)
        let parsed = try? Configuration(parsing: after, file: path)
        guard parsed?.policy.mode == mode else {
            throw CommandFailure(
                .no,
                "\(path): the line with `mode` is written in a way that this cannot change",
                hints: ["write mode = \"\(mode.rawValue)\" yourself, then: sudo jitgate try"]
            )
        }
    }

    /// Writes the file as it is to be.
    func apply() throws(CommandFailure) { try write(after) }

    /// Writes the file as it was.
    func undo() throws(CommandFailure) { try write(before) }

    private func write(_ bytes: [UInt8]) throws(CommandFailure) {
        let mode = FileKind.permissions(path) ?? 0o644
        try GrantFile.replace(path, with: bytes, mode: mode)
    }

    private static func text(_ bytes: [UInt8], with mode: Mode) -> [UInt8] {
        let line = "mode = \"\(mode.rawValue)\""
        var lines = String(decoding: bytes, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let document = try? TOMLDocument(bytes), document.root["mode"] != nil else {
            return Array(([line] + lines).joined(separator: "\n").utf8)
        }
        let number = TOMLFindings(document: document).line(of: TOMLPath()["mode"])
        let old = lines[number - 1]
        // A comment behind the value stays.
        let comment = old.firstIndex(of: "#").map { "  " + old[$0...] } ?? ""
        lines[number - 1] = line + comment
        return Array(lines.joined(separator: "\n").utf8)
    }
}
