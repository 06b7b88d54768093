@testable import Linux

/// Files and descriptors of the system.
extension Target {
    static let system = [
        Target(name: "inotify") { bytes in
            for record in InotifyRecord.records(in: bytes) {
                hold(!record.name.contains("\0"), "a name ends before the padding")
            }
        },
        Target(name: "utmp") { bytes in _ = LoginSession.all(decoding: bytes) },
        Target(name: "logind-session") { bytes in _ = LogindSession(decoding: bytes) },
        Target(name: "proc-net") { bytes in
            let line = String(decoding: bytes, as: UTF8.self)
            _ = ListeningSocket(line: line[...], transport: .tcp)
            _ = ListeningSocket(line: line[...], transport: .udp)
            _ = TCPConnection(line: line[...])?.text
        },
    ]
}
