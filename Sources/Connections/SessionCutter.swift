package import Grants
package import SystemPackage

/// The sessions that were reset, and the failures.
package struct CutReport: Hashable, Sendable {
    /// The number of destroyed sockets of this host, of which both ends know.
    package var sockets = 0
    /// The number of deleted conntrack entries.
    package var flows = 0
    /// The sessions among these whose ends the gate must reset.
    package var published: Set<PublishedSession> = []
    package var problems: [ConnectionsError] = []

    package init() {}
}

/// The sessions to reset at one port.
private struct Target {
    let port: Port
    let sources: ClosedSources
    /// The host's own addresses.
    let own: Set<Address>

    func contains(_ peer: Endpoint) -> Bool {
        sources.contains(peer.address) && !own.contains(peer.address)
    }
}

/// Resets the sessions of closed openings: sockets of this host and tracked connections.
///
/// It works in the network namespace of the thread that made it, and needs CAP_NET_ADMIN. Its work
/// grows with the connections to the closed ports, not with the number of openings.
package struct SessionCutter: ~Copyable {
    private var sockets: SocketTable
    private var flows: FlowTable
    private var local: LocalAddresses
    /// The timeout, in seconds, of a conntrack entry whose ends the gate must reset.
    ///
    /// The entry must outlive the resets, which need the same translation as its packets.
    package static let lastWords: UInt32 = 60

    /// - Throws: the errno of the socket that could not be opened.
    package init() throws(Errno) {
        let sockets = try SocketTable()
        let flows = try FlowTable()
        let local = try LocalAddresses()
        self.sockets = sockets
        self.flows = flows
        self.local = local
    }

    /// Resets each session from a closed opening to its port unless something else covers it.
    ///
    /// A failure at one port goes into the report and does not stop the others.
    ///
    /// `isCovered` says whether something else lets the far end of a session in at a port.
    package mutating func cut(
        _ closed: some Collection<Opening>,
        unless isCovered: (Endpoint, Port) -> Bool
    ) -> CutReport {
        var report = CutReport()
        guard !closed.isEmpty else { return report }
        // The gate accepts loopback traffic, so it belongs to no opening.
        let own = (try? local.all()) ?? []
        let targets = Dictionary(grouping: closed, by: \.port).map { port, openings in
            Target(port: port, sources: ClosedSources(openings.map(\.source)), own: own)
        }
        let found = find(targets, &report)
        for target in targets {
            cut(target, found[target.port] ?? [], &report) { isCovered($0, target.port) }
        }
        return report
    }

    /// Resets sockets before flows: their peers must know soon, and their resets need the
    /// translation of the flows.
    private mutating func cut(
        _ target: Target,
        _ found: [TrackedFlow],
        _ report: inout CutReport,
        unless isCovered: (Endpoint) -> Bool
    ) {
        let (port, families) = (target.port, target.sources.families)
        var ended: [TrackedFlow] = []
        var spared: Set<Endpoint> = []
        for flow in found {
            let source = flow.original.source
            if target.contains(source), !isCovered(source) {
                ended.append(flow)
            } else if !flow.isPlain {
                spared.formUnion([source, flow.reply.destination])
            }
        }
        report.sockets += destroy(port, families, &report) {
            target.contains($0) && !spared.contains($0) && !isCovered($0)
        }
        let turned = ended.filter { !$0.isPlain }
        let own = local.among(turned.map(\.reply.source.address))
        for (number, peers) in rewritten(turned.filter { own.contains($0.reply.source.address) }) {
            guard let behind = Port(number: number, transport: port.transport) else { continue }
            report.sockets += destroy(behind, families, &report) { peers.contains($0) }
        }
        let elsewhere = turned.filter { !own.contains($0.reply.source.address) }
        let published = elsewhere.filter { PublishedSession($0) != nil }
        report.published.formUnion(published.compactMap(PublishedSession.init))
        do {
            report.flows += try flows.end(published, after: Self.lastWords)
            report.flows += try flows.delete(Array(Set(ended).subtracting(published)))
        } catch {
            report.problems.append(.refused(attempt: "end tracked connections to \(port)", error))
        }
    }

    private mutating func destroy(
        _ port: Port,
        _ families: [Address.Family],
        _ report: inout CutReport,
        where isMeant: (Endpoint) -> Bool
    ) -> Int {
        do {
            return try sockets.destroy(of: port, families, where: isMeant)
        } catch {
            report.problems.append(.refused(attempt: "reset connections to \(port)", error))
            return 0
        }
    }

    /// The connections to ports of this host, without those that are only routed through it, or
    /// redirected to the same port of another host.
    ///
    /// All at once, since the kernel walks its whole table for each question.
    private mutating func find(
        _ targets: [Target],
        _ report: inout CutReport
    ) -> [Port: [TrackedFlow]] {
        let ports = targets.map(\.port)
        let families = Set(targets.flatMap(\.sources.families)).sorted()
        do {
            let found = try flows.find(of: ports, families) {
                $0.isAsked($1) || $0.isTurned(to: $1)
            }
            let own = local.among(
                found.values.joined().flatMap {
                    [$0.original.destination.address, $0.reply.source.address]
                }
            )
            return Dictionary(
                uniqueKeysWithValues: found.map { port, flows in
                    let kept = flows.filter {
                        $0.isAsked(port) && own.contains($0.original.destination.address)
                            || $0.isTurned(to: port) && own.contains($0.reply.source.address)
                    }
                    return (port, kept)
                }
            )
        } catch {
            report.problems += ports.map {
                .refused(attempt: "list tracked connections to \($0)", error)
            }
            return [:]
        }
    }

    /// The far ends of rewritten connections, as sockets of this host see them, by port.
    private func rewritten(_ turned: [TrackedFlow]) -> [UInt16: Set<Endpoint>] {
        Dictionary(grouping: turned, by: \.reply.source.port)
            .mapValues { Set($0.map(\.reply.destination)) }
    }
}

extension TrackedFlow {
    fileprivate func isAsked(_ port: Port) -> Bool { original.destination.port == port.number }

    fileprivate func isTurned(to port: Port) -> Bool {
        isDestinationRewritten && reply.source.port == port.number
    }
}
