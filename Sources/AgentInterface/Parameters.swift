package import Grants
package import StrictJSON
package import Varlink

/// The parameters of List.
package struct ListParameters: VarlinkCodable {
    package static let members = [VarlinkMember("all", "?bool")]

    /// Grants that ended, too.
    package var all: Bool

    package init(all: Bool) {
        self.all = all
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        all = try VarlinkObject(value).optional("all", \.flag) ?? false
    }

    package var jsonValue: JSONValue { ["all": .bool(all)] }
}

/// The parameters of Verdict: a dropped file.
package struct VerdictParameters: VarlinkCodable {
    package static let members = [
        VarlinkMember("file", "string"), VarlinkMember("sha256", "string"),
    ]

    /// The path.
    package var file: String
    /// Of the whole file, in 64 lower-case hex digits.
    package var sha256: String

    package init(file: String, sha256: String) {
        self.file = file
        self.sha256 = sha256
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        file = try object.text("file", of: 1...4096)
        sha256 = try object.text("sha256", of: 64...64)
        guard sha256.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) }) else {
            throw .invalidParameter("sha256")
        }
    }

    package var jsonValue: JSONValue { ["file": .string(file), "sha256": .string(sha256)] }
}

/// The parameters of Reload.
package struct ReloadParameters: VarlinkCodable {
    package static let members = [
        VarlinkMember(
            "sessions",
            "?[]string",
            "The caller's own, as sshd writes SSH_CONNECTION: they go on before all others"
        )
    ]

    package var sessions: [SSHConnection]

    package init(sessions: [SSHConnection] = []) {
        self.sessions = sessions
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        sessions = try VarlinkObject(value).sessions()
    }

    package var jsonValue: JSONValue { ["sessions": JSONValue(texts: sessions)] }
}

/// The parameters of Try.
package struct TryParameters: VarlinkCodable {
    package static let members = [
        VarlinkMember("seconds", "?int"), VarlinkMember("sessions", "?[]string"),
    ]
    /// The longest trial, in seconds.
    package static let longest: Int64 = 86_400
    private static let defaultSeconds: Int64 = 120

    /// The length of the trial.
    package var duration: Duration
    package var sessions: [SSHConnection]

    /// `seconds` is from 1 to `longest`.
    package init(seconds: Int64, sessions: [SSHConnection] = []) {
        duration = .seconds(seconds)
        self.sessions = sessions
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        let seconds = try object.optional("seconds", \.number) ?? Self.defaultSeconds
        guard (1...Self.longest).contains(seconds) else { throw .invalidParameter("seconds") }
        self.init(seconds: seconds, sessions: try object.sessions())
    }

    package var jsonValue: JSONValue {
        [
            "seconds": .integer(duration.components.seconds),
            "sessions": JSONValue(texts: sessions),
        ]
    }
}

/// The parameters of Explain: a packet.
package struct ExplainParameters: VarlinkCodable {
    package static let members = [
        VarlinkMember("source", "string"), VarlinkMember("port", "string"),
    ]

    /// All of its addresses are asked about.
    package var source: Prefix
    package var port: Port

    package init(source: Prefix, port: Port) {
        self.source = source
        self.port = port
    }

    package init(from value: JSONValue) throws(VarlinkError) {
        let object = try VarlinkObject(value)
        source = try object.value("source", Prefix.init(parsing:))
        port = try object.value("port", Port.init(parsing:))
    }

    package var jsonValue: JSONValue {
        ["source": .string(source.description), "port": .string(port.description)]
    }
}

extension VarlinkObject {
    /// The caller's sessions, at most 64; text that is none has no effect.
    fileprivate func sessions() throws(VarlinkError) -> [SSHConnection] {
        let texts = try optional("sessions", \.texts) ?? []
        guard texts.count <= 64 else { throw .invalidParameter("sessions") }
        return texts.compactMap(SSHConnection.init(parsing:))
    }
}
