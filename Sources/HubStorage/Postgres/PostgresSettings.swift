/// The settings of a connection, and what a server must be.
enum PostgresSettings {
    /// Settings before the URL can be changed by it, those after it cannot.
    private static let all: [(name: String, value: String?)] = [
        ("connect_timeout", "5"),
        // A host that went silent is noticed within half a minute.
        ("tcp_user_timeout", "10000"),
        ("keepalives_idle", "10"),
        ("keepalives_interval", "5"),
        ("keepalives_count", "3"),
        ("application_name", "jitgate-hub"),
        ("dbname", nil),
        ("target_session_attrs", "read-write"),
        ("client_encoding", "UTF8"),
    ]

    static var names: [[UInt8]?] { all.map { Array($0.name.utf8) } }

    static func values(_ url: String) -> [[UInt8]?] { all.map { Array(($0.value ?? url).utf8) } }

    static func check(version: CInt, encoding: String?) throws(StorageError) {
        guard version >= 150_000 else { throw .broken("PostgreSQL 15 or later is needed") }
        guard encoding == "UTF8" else {
            throw .broken("its encoding is \(encoding ?? "unknown"); create the database with UTF8")
        }
    }

    /// The statements with which a session begins.
    ///
    /// A role may have other defaults: a commit that does not wait, or one whose warning is not sent. A hub
    /// that stands still in its turn to write loses it.
    static let session = """
        SET client_min_messages = notice;
        SET standard_conforming_strings = on;
        SET statement_timeout = '30s';
        SET lock_timeout = '15s';
        SET idle_in_transaction_session_timeout = '10s';
        SELECT set_config('synchronous_commit', 'on', false)
            WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')
        """
}

/// The messages of libpq as texts of one line.
enum PostgresText {
    static func line(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline)
            .map { line in line.drop { $0 == " " || $0 == "\t" } }
            .joined(separator: "; ")
    }
}
