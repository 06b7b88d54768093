import CommandSupport
import Grants
import Linux
import Publishing

/// The directory of what was told: an empty file for each notice.
struct NoticeDirectory {
    /// Grants whose deadline is longer ago are not told of any more.
    static let longestTelling: Duration = .seconds(7 * 86_400)
    /// A file goes some time after nobody would tell of its grant any more.
    private static let longestMemory: Duration = .seconds(8 * 86_400)

    let path: String

    func require() throws(CommandFailure) {
        try CommandFailure.requireDirectory(path, hint: "what was told is remembered there")
    }

    func has(_ name: String) throws(CommandFailure) -> Bool { FileAccess.exists(file(name)) }

    /// Remembers that a notice was told, in a file that holds the deadline.
    func remember(_ name: String, until deadline: Moment) throws(CommandFailure) {
        try GrantFile.replace(file(name), with: Array("\(deadline)\n".utf8), mode: 0o600)
    }

    /// Removes what is long over; what cannot be read stays.
    func prune(at now: Moment) {
        let names = (try? DirectoryListing.names(in: path)) ?? []
        for name in names
        where name.hasSuffix(Self.ending) && name.utf8.count == 64 + Self.ending.utf8.count {
            guard let bytes = try? SmallFile.read("\(path)/\(name)", limit: 64, awaiting: false),
                let deadline = try? Moment(
                    parsing: String(decoding: bytes.dropLast(), as: UTF8.self)
                ),
                now - deadline > Self.longestMemory
            else { continue }
            FileAccess.remove("\(path)/\(name)")
        }
    }

    private static let ending = ".told"

    private func file(_ name: String) -> String { "\(path)/\(name)\(Self.ending)" }
}
