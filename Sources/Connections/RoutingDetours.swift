import CNetfilter
import Glibc
package import Grants
import Netlink
package import SystemPackage

/// An ip-rule(8) by which another table than `local` may decide which addresses are this host's.
package struct RoutingRule: Hashable, Sendable {
    package let family: Address.Family
    package let priority: UInt32
    /// True if the table is that of the VRF of the packet's interface (l3mdev).
    package let isOfInterface: Bool
    package let table: UInt32
}

/// A local address or network in another table than `local`.
package struct LocalRoute: Hashable, Sendable {
    package let network: Prefix
    package let table: UInt32
}

/// Routing rules and routes that make packets local beyond the table `local`.
package struct RoutingDetours: Hashable, Sendable {
    /// The most of each reported; a host with VRFs has a few.
    private static let limit = 256

    package private(set) var rules: [RoutingRule] = []
    package private(set) var routes: [LocalRoute] = []

    /// Reads the rules and routes of the calling thread's network namespace.
    package static func read() throws(Errno) -> RoutingDetours {
        let socket = try NetlinkSocket.routes()
        try socket.checkStrictly()
        var detours = RoutingDetours()
        var sequence: UInt32 = 0
        for family in [AF_INET, AF_INET6] {
            sequence += 2
            try socket.ask(rulesRequest(family, sequence)) { message in
                if let rule = RoutingRule(message), detours.rules.count < limit {
                    detours.rules.append(rule)
                }
            }
            try socket.ask(routesRequest(family, sequence + 1)) { message in
                if let route = LocalRoute(message), detours.routes.count < limit {
                    detours.routes.append(route)
                }
            }
        }
        return detours
    }

    /// Requests rules, with a `fib_rule_hdr` that contains only the family.
    private static func rulesRequest(_ family: Int32, _ sequence: UInt32) -> NetlinkRequest {
        NetlinkRequest(
            type: UInt16(RTM_GETRULE),
            flags: NLM_F_DUMP,
            sequence: sequence,
            header: [UInt8(family)] + [UInt8](repeating: 0, count: 11)
        )
    }

    /// Requests routes, with a `rtmsg` that selects local ones alone: a router has a million
    /// others.
    private static func routesRequest(_ family: Int32, _ sequence: UInt32) -> NetlinkRequest {
        NetlinkRequest(
            type: UInt16(RTM_GETROUTE),
            flags: NLM_F_DUMP,
            sequence: sequence,
            header: [UInt8(family), 0, 0, 0, 0, 0, 0, UInt8(RTN_LOCAL), 0, 0, 0, 0]
        )
    }
}

extension Address.Family {
    fileprivate init?(netlink number: UInt8?) {
        switch number.map(Int32.init) {
        case AF_INET: self = .ipv4
        case AF_INET6: self = .ipv6
        default: return nil
        }
    }
}

extension NetlinkMessage {
    /// The bytes of an attribute after a header of 12 bytes.
    fileprivate func value(_ type: Int) -> [UInt8]? {
        attributes(after: 12).first { $0.type == UInt32(type) }.map { Array($0.payload) }
    }
}

extension RoutingRule {
    /// Parses a `RTM_NEWRULE`; `nil` for the rules of every host, and for rules of other kinds.
    fileprivate init?(_ message: NetlinkMessage) {
        guard message.type == UInt16(RTM_NEWRULE), message.payload.count >= 12,
            let family = Address.Family(netlink: message.payload.first),
            message.payload[7] == 1  // FR_ACT_TO_TBL
        else { return nil }
        let isOfInterface = message.value(19)?.first == 1  // FRA_L3MDEV
        let table = message.value(15)?.native32(at: 0) ?? UInt32(message.payload[4])  // FRA_TABLE
        let usual = [RT_TABLE_LOCAL.rawValue, RT_TABLE_MAIN.rawValue, RT_TABLE_DEFAULT.rawValue]
        guard isOfInterface || !usual.contains(table) else { return nil }
        self.family = family
        self.table = table
        self.isOfInterface = isOfInterface
        priority = message.value(6)?.native32(at: 0) ?? 0  // FRA_PRIORITY
    }
}

extension LocalRoute {
    /// Parses a `RTM_NEWROUTE`; `nil` if it is in the table `local`, or no route of a local
    /// address.
    fileprivate init?(_ message: NetlinkMessage) {
        guard message.type == UInt16(RTM_NEWROUTE), message.payload.count >= 12,
            message.payload[7] == UInt8(RTN_LOCAL),
            let family = Address.Family(netlink: message.payload.first)
        else { return nil }
        let table = message.value(15)?.native32(at: 0) ?? UInt32(message.payload[4])  // RTA_TABLE
        let zero = [UInt8](repeating: 0, count: family == .ipv4 ? 4 : 16)
        guard table != RT_TABLE_LOCAL.rawValue,
            let address = Address(networkBytes: message.value(1) ?? zero),  // RTA_DST
            let network = Prefix(address: address, length: Int(message.payload[1]))
        else { return nil }
        self.init(network: network, table: table)
    }
}
