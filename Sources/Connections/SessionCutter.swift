package import Grants
package import SystemPackage

/// What was cut, and what went wrong about it.
package struct CutReport: Hashable, Sendable {
    /// Sockets of this host that were destroyed: both ends know.
    package var sockets = 0
    /// Tracked connections that were deleted.
    package var flows = 0
    package var problems: [ConnectionsError] = []

    package init() {}
}

/// Cuts the sessions of openings that closed: sockets of this host and tracked connections.
///
/// It works in the network namespace of the thread that made it, and takes CAP_NET_ADMIN. What it
/// does grows with the connections of the ports that closed, not with the openings.
package struct SessionCutter: ~Copyable {
    private var sockets: SocketTable
    private var flows: FlowTable
    private var local: LocalAddresses

    /// - Throws: the errno of the socket that could not be opened.
    package init() throws(Errno) {
        let sockets = try SocketTable()
        let flows = try FlowTable()
        let local = try LocalAddresses()
        self.sockets = sockets
        self.flows = flows
        self.local = local
    }

    /// Cuts every session from a closed opening to its port that is not covered otherwise.
    ///
    /// It does as much as it can: one port's failure is in the report and keeps none of the others.
    ///
    /// `isCovered` says whether something else lets an address in at a port.
    package mutating func cut(
        _ closed: some Collection<Opening>,
        unless isCovered: (Address, Port) -> Bool
    ) -> CutReport {
        var report = CutReport()
        // What goes over the loopback passes the gate, so it is no session of an opening.
        let own = (try? local.all()) ?? []
        for (port, openings) in Dictionary(grouping: closed, by: \.port) {
            let sources = ClosedSources(openings.map(\.source))
            cut(port, sources.families, &report) { address in
                sources.contains(address) && !own.contains(address) && !isCovered(address, port)
            }
        }
        return report
    }

    /// Sockets go first: their peers must know soon, and resets pass through what rewrites them.
    private mutating func cut(
        _ port: Port,
        _ families: [Address.Family],
        _ report: inout CutReport,
        where hasEnded: (Address) -> Bool
    ) {
        report.sockets += destroy(port, families, &report) { hasEnded($0.address) }
        let tracked = find(port, families, &report, where: hasEnded)
        for (number, peers) in rewritten(tracked) {
            guard let behind = Port(number: number, transport: port.transport) else { continue }
            report.sockets += destroy(behind, families, &report) { peers.contains($0) }
        }
        do {
            report.flows += try flows.delete(tracked)
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

    /// What is merely routed through this host to the same port of another is not ours to cut.
    private mutating func find(
        _ port: Port,
        _ families: [Address.Family],
        _ report: inout CutReport,
        where hasEnded: (Address) -> Bool
    ) -> [TrackedFlow] {
        do {
            let found = try flows.find(of: port, families) { flow in
                let goesToPort = flow.original.destination.port == port.number
                let cameToPort = flow.reply.source.port == port.number
                guard goesToPort || cameToPort && flow.isDestinationRewritten else { return false }
                return hasEnded(flow.original.source.address)
            }
            let own = local.among(found.map(\.original.destination.address))
            return found.filter {
                $0.isDestinationRewritten || own.contains($0.original.destination.address)
            }
        } catch {
            report.problems.append(.refused(attempt: "list tracked connections to \(port)", error))
            return []
        }
    }

    /// The far ends, as sockets of this host see them, of what was rewritten on its way; by port.
    private mutating func rewritten(_ tracked: [TrackedFlow]) -> [UInt16: Set<Endpoint>] {
        var peers: [UInt16: Set<Endpoint>] = [:]
        let turned = tracked.filter { !$0.isPlain }
        let own = local.among(turned.map(\.reply.source.address))
        for flow in turned where own.contains(flow.reply.source.address) {
            peers[flow.reply.source.port, default: []].insert(flow.reply.destination)
        }
        return peers
    }
}
