import CNetfilter
package import Netfilter
import Netlink
import SystemPackage

/// A rule of another tool that hands packets to a local socket, of whatever port they are (tproxy).
package struct Diversion: Hashable, Sendable {
    package let family: String
    package let table: String
    package let chain: String
    /// The port of the socket; `nil` where the rule takes it from elsewhere.
    package let port: UInt16?
}

/// A table of connections whose packets are forwarded past all chains (a flowtable of nftables).
package struct FlowOffload: Hashable, Sendable {
    package let family: String
    package let table: String
    package let name: String
}

extension TableConnection {
    /// The rules that divert packets, in the tables of these chains.
    package mutating func diversions(
        in chains: [BaseChain]
    ) throws(NetfilterError) -> [Diversion] {
        var seen: Set<String> = []
        var found: [Diversion] = []
        for chain in chains where chain.hook == "prerouting" {
            guard seen.insert("\(chain.family) \(chain.table)").inserted,
                let rules = try foreignRules(of: chain)?.chains
            else { continue }
            for (name, steps) in rules.sorted(by: { $0.key < $1.key }) {
                found += steps.compactMap { Self.diversion($0, of: chain, in: name) }
            }
        }
        return found
    }

    private static func diversion(
        _ rule: [ForeignExpression],
        of base: BaseChain,
        in chain: String
    ) -> Diversion? {
        var constants: [Int: [UInt8]] = [:]
        for step in rule {
            switch step {
            case .constant(let bytes, let word): constants[word] = bytes
            case .load(_, let word): constants[word] = nil
            case .divert(let word, let port):
                // Without a port it is the packet's own, which comes to the gate as it is.
                guard word != nil || port != nil else { return nil }
                let named = word.flatMap { constants[$0]?.network(UInt16.self) } ?? port
                return Diversion(
                    family: base.family,
                    table: base.table,
                    chain: chain,
                    port: named
                )
            default: continue
            }
        }
        return nil
    }

    /// The flowtables of all tables.
    package mutating func flowOffloads() throws(NetfilterError) -> [FlowOffload] {
        var found: [FlowOffload] = []
        do throws(Errno) {
            let type = NFT_MSG_GETFLOWTABLE.rawValue
            try dump(type, family: NFPROTO_UNSPEC) { message in
                let fields = ExpressionFields(message.attributes(after: familyHeaderLength))
                guard let number = message.payload.first,
                    let table = fields.text(NFTA_FLOWTABLE_TABLE.rawValue),
                    let name = fields.text(NFTA_FLOWTABLE_NAME.rawValue)
                else { return }
                let family = BaseChain.family(Int(number)) ?? "\(number)"
                found.append(FlowOffload(family: family, table: table, name: name))
            }
        } catch {
            throw NetfilterError(attempt: "list the flowtables", errno: error)
        }
        return found
    }
}
