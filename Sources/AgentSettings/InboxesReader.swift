import StrictTOML

/// A directory of offers, and the one user besides root who may write there.
package struct Inbox: Hashable, Sendable {
    package let directory: String
    package let owner: String

    package init(directory: String, owner: String) {
        self.directory = directory
        self.owner = owner
    }
}

/// Reads the `[[inbox]]` tables: the directories that bring offers.
struct InboxesReader {
    private static let keys = ["directory", "owner"]
    private static let limit = 8

    let file: TOMLTable
    /// The other directories, which an inbox must keep clear of.
    let configuration: Configuration

    func inboxes() -> [Inbox] {
        guard let sections = file.tables("inbox") else { return [] }
        guard (1...Self.limit).contains(sections.count) else {
            let remedy = sections.isEmpty ? "leave it out" : "at most \(Self.limit) fit here"
            file.refuse("inbox", "has \(sections.count) entries", remedy)
            return []
        }
        return sections.reduce(into: []) { inboxes, section in
            guard let inbox = inbox(section) else { return }
            if let other = conflict(inbox.directory, inboxes) {
                let reason = "is \(QuotedText(inbox.directory)), which overlaps with \(other)"
                section.refuse("directory", reason, "an inbox needs a directory of its own")
            }
            inboxes.append(inbox)
        }
    }

    private func inbox(_ section: TOMLTable) -> Inbox? {
        section.refuseAllBut(Self.keys)
        for key in Self.keys where !section.has(key) {
            section.refuse(key, "is missing", "an inbox is a directory and its owner")
        }
        let directory = section.path("directory")
        let owner = section.value("owner") { setting throws(TOMLValue.Refusal) in
            let name = try setting.accountName(of: "user")
            guard name != "root" else {
                let remedy = "name a user without privileges; root has grants.directories"
                throw TOMLValue.Refusal("is root", remedy)
            }
            return name
        }
        guard let directory, let owner else { return nil }
        return Inbox(directory: directory, owner: owner)
    }

    /// The setting that names a directory which is the inbox, holds it or lies in it.
    private func conflict(_ directory: String, _ earlier: [Inbox]) -> String? {
        let others =
            configuration.grantDirectories.map { ("grants.directories", $0) }
            + [
                ("audit.directory", configuration.auditDirectory),
                ("state.directory", configuration.stateDirectory),
            ] + earlier.map { ("another inbox", $0.directory) }
        return others.first { PathConflicts.overlap(directory, $0.1) }
            .map { name, path in
                "\(name.contains(".") ? "`\(name)`" : name) \(QuotedText(path))"
            }
    }
}
