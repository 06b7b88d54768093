/// The access of one source network to one port, which a live grant holds open.
///
/// The unit that the gate opens and closes: several grants may hold the same opening, and each
/// grant holds sources × ports of them.
package struct Opening: Hashable, Sendable {
    package let source: Prefix
    package let port: Port

    package init(source: Prefix, port: Port) {
        self.source = source
        self.port = port
    }
}

extension Grant {
    /// All openings that the grant asks for.
    package var openings: [Opening] {
        sources.flatMap { source in ports.map { Opening(source: source, port: $0) } }
    }
}
