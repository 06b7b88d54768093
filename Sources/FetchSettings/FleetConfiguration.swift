import StrictTOML

/// The file fleet.toml: where jitgate-fleet finds a depot, and by which files it checks signatures.
package struct FleetConfiguration: Hashable, Sendable {
    /// The longest file that is read, in bytes.
    package static let fileLimit = 256 << 10

    /// The depot, as it is written; `nil` if the file names none.
    package var depot: String?
    /// The authorities that the depot's certificate may come from; `nil`: the system's.
    package var authorities: String?
    /// The client certificate and its key, in one file.
    package var certificate: String?
    /// The keys of an S3-compatible store.
    package var credentials: String?
    package var allowedSigners: String?
    /// The hosts of the fleet with the keys of their logs.
    package var inventory: String?
    /// The directory of a witness.
    package var witness: String?
    /// Whom `jitgate-fleet notify` tells, and how.
    package var notices: [Notice] = []

    /// A program that tells some signers what was opened in their name.
    package struct Notice: Hashable, Sendable {
        /// Patterns of names.
        package let signers: [String]
        /// The program with its arguments.
        package let command: [String]
    }

    package init() {}

    /// Reads a configuration whose file name is only needed for messages.
    package init(parsing bytes: [UInt8], file: String) throws(FetchConfigurationError) {
        let document: TOMLDocument
        do throws(TOMLProblem) {
            document = try TOMLDocument(bytes)
        } catch {
            throw FetchConfigurationError(file: file, problems: [error])
        }
        let findings = TOMLFindings(document: document)
        let root = TOMLTable(document.root, at: TOMLPath(), findings: findings)
        read(root)
        guard findings.problems.isEmpty else {
            throw FetchConfigurationError(file: file, problems: findings.problems)
        }
    }

    private mutating func read(_ root: TOMLTable) {
        root.refuseAllBut(["depot", "fleet", "notify"], of: "this file")
        let depot = root.table("depot")
        depot.refuseAllBut(["url", "ca", "certificate", "credentials"], of: "[depot]")
        self.depot = depot.value("url") { setting throws(TOMLValue.Refusal) in
            try setting.depotPlace()
        }
        authorities = depot.path("ca")
        certificate = depot.path("certificate")
        credentials = depot.path("credentials")
        let fleet = root.table("fleet")
        fleet.refuseAllBut(["allowed_signers", "inventory", "witness"], of: "[fleet]")
        allowedSigners = fleet.path("allowed_signers")
        inventory = fleet.path("inventory")
        witness = fleet.path("witness")
        notices = (root.tables("notify") ?? []).map { table in
            table.refuseAllBut(["signers", "command"], of: "[[notify]]")
            return Notice(signers: table.words("signers"), command: table.words("command"))
        }
    }
}

/// A depot: a web server, or a directory.
package enum DepotPlace: Hashable, Sendable {
    /// A URL without a closing slash.
    case web(String)
    /// A path without a closing slash.
    case directory(String)

    /// Reads a URL, or a path from `/` or `./`.
    package init(_ text: String) throws(DepotURLError) {
        guard text.hasPrefix("/") || text.hasPrefix("./") || text.hasPrefix("../") else {
            self = .web(try DepotURL(text).description)
            return
        }
        var path = text
        while path.count > 1, path.last == "/" { path.removeLast() }
        self = .directory(path)
    }
}

extension TOMLTable {
    /// A list of texts, which must not be empty.
    fileprivate func words(_ key: String) -> [String] {
        guard has(key) else {
            refuse(key, "is missing", "write \(key) = [\"…\"]")
            return []
        }
        let words = list(key) { setting throws(TOMLValue.Refusal) in try setting.printable() }
        if words?.contains("") ?? false || words?.isEmpty ?? false {
            refuse(key, "is empty, or has an empty text", "name at least one")
        }
        return words ?? []
    }

    fileprivate func path(_ key: String) -> String? {
        value(key) { setting throws(TOMLValue.Refusal) in try setting.path() }
    }
}

extension TOMLValue {
    fileprivate func depotPlace() throws(Refusal) -> String {
        let text = try printable()
        guard !text.hasPrefix("/") else { return try path() }
        do throws(DepotURLError) {
            return try DepotURL(text).description
        } catch {
            throw Refusal("is \(QuotedText(text))", "\(error.remedy); or a path from / does")
        }
    }
}
