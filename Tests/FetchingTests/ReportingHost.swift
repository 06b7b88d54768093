import Attestation
import Foundation
import Glibc
import Linux
import TestSupport
import Transparency

@testable import Fetching

/// A host with a real agent, whose status the real carrier reports.
final class ReportingHost {
    let agent: AgentHost
    let fetching: FetchingHost
    var carrier: Carrier

    init(_ url: String, depot: String = "") throws {
        agent = try AgentHost()
        try agent.start()
        let report = "[report]\nstatus = \"5m\"\nsocket = \"\(agent.path)/control\""
        fetching = try FetchingHost(url, depot: depot, fetch: report)
        carrier = try fetching.carrier()
        _ = carrier.round()
    }

    /// The name of this host in a depot.
    static var name: String { ((try? HostFacts.readHostname()) ?? "").lowercased() }

    var key: VerifierKey {
        get throws {
            let text = try String(
                contentsOfFile: agent.auditDirectory + "/audit.pub",
                encoding: .utf8
            )
            return try VerifierKey(parsing: text.trimmingCharacters(in: .newlines))
        }
    }

    func note(_ bytes: [UInt8]) throws -> StatusNote {
        try StatusNote(parsing: bytes, signedBy: key)
    }

    /// Whether the agent has said by now that something has changed.
    var hearsChange: Bool {
        guard let descriptor = carrier.reporter?.descriptor else { return false }
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, 0) == 1
    }

    /// Makes a report; returns whether the process is to end.
    func report() -> Bool { carrier.report() }

    /// Waits until a report is due, and makes it.
    func reportWhenDue() throws {
        try eventually { carrier.reportDue.map { $0 <= Carrier.now } ?? false }
        _ = carrier.report()
    }
}
