import Glibc
import Grants

/// A login from another host that is still open, as systemd-logind keeps it in a file.
///
/// Where no utmp is written these files tell who is logged in from where. They rarely have the
/// terminal, since sshd opens the session before it allocates one: then the terminals count that the
/// session's user got since it began. The agent reads neither /proc of other users nor logind's
/// sockets.
struct LogindSession: Hashable, Sendable {
    /// A session has some 20 lines.
    private static let sizeLimit = 16 << 10
    /// Far more than log in to one host.
    private static let countLimit = 4096
    /// The coarse clock of a file system may lag behind the one that logind reads.
    private static let tolerance: Int64 = 2_000_000

    let user: UInt32
    let address: Address
    /// The terminal below /dev, such as `pts/3`, if logind knows it.
    let terminal: String?
    /// The beginning, by the wall clock.
    let began: Moment

    /// The session in a file; `nil` if nobody from elsewhere is in it, or if the name of their host is
    /// on record in place of its address.
    init?(decoding bytes: [UInt8]) {
        var values: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            guard let place = line.firstIndex(of: "=") else { continue }
            values[String(line[..<place])] = Self.value(line[line.index(after: place)...])
        }
        guard values["REMOTE"] == "1", values["STATE"] != "closing",
            let user = values["UID"].flatMap(UInt32.init),
            let began = values["REALTIME"].flatMap(Int64.init),
            let host = values["REMOTE_HOST"]?.split(separator: "%").first,
            let address = try? Address(parsing: host)
        else { return nil }
        self.user = user
        self.address = address
        self.began = Moment(microseconds: began)
        terminal = values["TTY"].flatMap { $0.hasPrefix("pts/") ? $0 : nil }
    }

    private static func value(_ text: Substring) -> String {
        guard text.count >= 2, text.first == "\"", text.last == "\"" else { return String(text) }
        return String(text.dropFirst().dropLast())
    }

    /// The sessions that logind keeps in a directory; none if there is no logind.
    static func all(in directory: String) -> [LogindSession] {
        let names = (try? DirectoryListing.names(in: directory)) ?? []
        // Beside each file earlier versions have a pipe, NAME.ref.
        return names.lazy.filter { !$0.contains(".") }.prefix(countLimit).compactMap { name in
            let path = directory + "/" + name
            guard let bytes = try? SmallFile.read(path, limit: sizeLimit, awaiting: false) else {
                return nil
            }
            return LogindSession(decoding: bytes)
        }
    }

    /// The terminals of the session among those of this host.
    fileprivate func terminals(among all: [PseudoTerminalFile]) -> [String] {
        if let terminal { return [terminal] }
        let start = began.microseconds - Self.tolerance
        return all.filter { $0.owner == user && $0.changed >= start }.map(\.name)
    }
}

/// A terminal in /dev/pts.
private struct PseudoTerminalFile {
    /// The name below /dev.
    let name: String
    let owner: UInt32
    /// The last change of owner or mode, in microseconds: it was allocated then, or later set up.
    let changed: Int64

    static func all() -> [PseudoTerminalFile] {
        ((try? DirectoryListing.names(in: "/dev/pts")) ?? []).compactMap { name in
            var status = stat()
            guard UInt32(name) != nil, unsafe lstat("/dev/pts/" + name, &status) == 0 else {
                return nil
            }
            let time = status.st_ctim
            return PseudoTerminalFile(
                name: "pts/" + name,
                owner: status.st_uid,
                changed: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
            )
        }
    }
}

extension LoginSession {
    /// A terminal of somebody who logged in from another host.
    package struct Place: Hashable, Sendable {
        /// The name below /dev, such as `pts/3`; the record may say anything.
        package let terminal: String
        /// The address of the other host: 4 or 16 bytes in network order.
        package let address: [UInt8]
    }

    package static let logindPath = "/run/systemd/sessions"

    /// The terminals of logins from other hosts, by utmp(5) and by logind.
    ///
    /// Where utmp has a login from an address, it has all of them.
    package static func places(
        in utmp: String = systemPath,
        _ sessions: String = logindPath
    ) -> [Place] {
        let recorded = ((try? all(in: utmp)) ?? []).map { login in
            Place(terminal: login.terminal, address: login.address)
        }
        let known = Set(recorded.map(\.address))
        let others = LogindSession.all(in: sessions)
            .filter { !known.contains($0.address.networkBytes) }
        guard !others.isEmpty else { return recorded }
        let terminals = PseudoTerminalFile.all()
        let found = others.flatMap { session in
            session.terminals(among: terminals).map {
                Place(terminal: $0, address: session.address.networkBytes)
            }
        }
        var seen = Set<Place>()
        return recorded + found.filter { seen.insert($0).inserted }
    }
}
