package import Grants
package import Netfilter
package import RuleTrace

/// The kernel's treatment of packets from a source to a port, and the reasons.
package struct GateExplanation: Hashable, Sendable {
    /// An opening that covers the source.
    package struct Match: Hashable, Sendable {
        package let opening: Opening
        /// The element's remaining timeout; the agent closes the opening at the deadline, a little
        /// earlier.
        package let remaining: Duration
        package let traffic: Traffic
    }

    /// True if the gate checks packets to the port at all.
    package internal(set) var isProtected = false
    /// True if packets that nothing admits are dropped, not only recorded.
    package internal(set) var denies = false
    /// True if trusted networks cover the source.
    package internal(set) var isTrusted = false
    /// The openings that match, the longest prefix first.
    package internal(set) var matches: [Match] = []

    /// True if a packet that opens a connection passes the gate.
    package var passes: Bool { !isProtected || !denies || isTrusted || !matches.isEmpty }
}

extension KernelTable {
    /// Reads the gate in the kernel; `nil` if there is none.
    ///
    /// For a source of several addresses it finds what covers all of them.
    package mutating func explain(
        _ source: Prefix,
        _ port: Port
    ) throws(GateError) -> GateExplanation? {
        try attempting { (connection) throws(NetfilterError) in
            guard let table = try connection.observe() else { return nil }
            let sets = table.sets.compactMap { SourceSet(name: $0.name) }.filter {
                $0.family == source.family && $0.length <= source.length
            }.sorted()
            let keys =
                [(set: GateNames.protected, key: port.keyBytes)]
                + sets.map { ($0.name, $0.key(admitting: source.address, to: port)) }
            let found = try connection.elements(keys)
            var explanation = GateExplanation()
            explanation.isProtected = found[0] != nil && !table.accepts(port)
            explanation.denies = RulesetSnapshot(table).denies == true
            explanation.isTrusted = try connection.trusts(source)
            explanation.matches = sets.indices.compactMap { index in
                found[index + 1].flatMap { GateExplanation.Match($0, of: sets[index]) }
            }
            return explanation
        }
    }

    /// The base chains of all other tables, in every family, which may decide about packets too.
    package mutating func foreignChains() throws(GateError) -> [BaseChain] {
        try attempting { (connection) throws(NetfilterError) in
            try connection.baseChains()
        }
    }

    /// The ways past the gate in other tables that are not chains.
    package mutating func detours(
        of chains: [BaseChain]
    ) throws(GateError) -> ([Diversion], [FlowOffload]) {
        try attempting { (connection) throws(NetfilterError) in
            (try connection.diversions(in: chains), try connection.flowOffloads())
        }
    }

    /// The verdicts of other tables' chains on packets to ports, from anywhere or from a source;
    /// `nil` for a chain too large to trace.
    package mutating func fates(
        of ports: [Port],
        from source: Prefix? = nil,
        in chains: [BaseChain]
    ) throws(GateError) -> [[TraceResult]?] {
        let origin = source.map {
            ProbeSource(address: $0.address.networkBytes, length: $0.length)
        }
        let packets = ports.map {
            ProbePacket(transport: $0.transport.protocolNumber, port: $0.number, from: origin)
        }
        return try attempting { (connection) throws(NetfilterError) in
            try connection.trace(packets, in: chains)
        }
    }
}

extension GateExplanation.Match {
    fileprivate init?(_ element: ElementState, of set: SourceSet) {
        guard let opening = Opening(key: element.key, of: set) else { return nil }
        self.opening = opening
        remaining = .milliseconds(element.remaining ?? 0)
        traffic = element.traffic
    }
}

extension TableState {
    /// The rules of the gate, or of the gate on trial.
    private var rulesInForce: [[Expression]?] {
        let chain =
            chains.first { $0.name == GateNames.trial }
            ?? chains.first { $0.name == GateNames.gate }
        return chain?.rules ?? []
    }

    /// Returns whether the gate on trial accepts all packets to a port that only its fallback
    /// protects.
    fileprivate func accepts(_ port: Port) -> Bool {
        rulesInForce.contains(FirewallPolicy.accepting(port, .received))
    }
}

extension TableConnection {
    /// Returns whether the trusted set covers a network.
    fileprivate mutating func trusts(_ network: Prefix) throws(NetfilterError) -> Bool {
        let set = TrustedSet(family: network.family, isFallback: false)
        return TrustedSet.covers(network, in: try elements(of: set.name))
    }
}
