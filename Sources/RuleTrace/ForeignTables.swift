import CNetfilter
package import Netfilter
import Netlink
import SystemPackage

/// Traces packets through the tables of other tools in the kernel.
extension TableConnection {
    /// The most rules that are read: a question must not hold up enforcement.
    private static let mostRules = 20_000
    /// The most elements that are read: a larger set may or may not have something.
    private static let mostElements = 65_536

    /// Traces packets through base chains of others, over IPv4 and IPv6.
    ///
    /// `nil` for a chain whose table is too large to be read.
    package mutating func trace(
        _ packets: [ProbePacket],
        in chains: [BaseChain]
    ) throws(NetfilterError) -> [[TraceResult]?] {
        var tables: [String: ForeignTable?] = [:]
        for chain in chains where tables[chain.tableName] == nil {
            let isSourceKnown = packets.contains { $0.source != nil }
            tables[chain.tableName] = .some(try foreignTable(of: chain, isSourceKnown))
        }
        var packets = packets
        for chain in chains where chain.hook == "prerouting" {
            guard let table = tables[chain.tableName] ?? nil else { continue }
            for index in packets.indices
            where chain.result(for: packets[index], in: table).rewrittenTo != nil {
                packets[index].mayBeRewritten = true
            }
        }
        return chains.map { chain in
            (tables[chain.tableName] ?? nil).map { table in
                packets.map { chain.result(for: $0, in: table) }
            }
        }
    }

    private mutating func foreignTable(
        of chain: BaseChain,
        _ isSourceKnown: Bool
    ) throws(NetfilterError) -> ForeignTable? {
        guard var table = try foreignRules(of: chain) else { return nil }
        for set in table.setsThatMatter(isSourceKnown) {
            table.sets[set] = try elements(of: set, chain)
        }
        return table
    }

    /// The table of a chain without its sets; `nil` if it has too many rules.
    mutating func foreignRules(of chain: BaseChain) throws(NetfilterError) -> ForeignTable? {
        var table = ForeignTable()
        var count = 0
        let place = [(NFTA_RULE_TABLE.rawValue, chain.table)]
        try ask(chain, "rules", NFT_MSG_GETRULE, place) { message in
            let fields = ExpressionFields(message.attributes(after: familyHeaderLength))
            guard fields.text(NFTA_RULE_TABLE.rawValue) == chain.table,
                let name = fields.text(NFTA_RULE_CHAIN.rawValue)
            else { return }
            count += 1
            guard count <= Self.mostRules else { return }
            let expressions = fields[NFTA_RULE_EXPRESSIONS.rawValue]?.nested ?? []
            table.chains[name, default: []].append(
                expressions.map(ForeignExpression.init(reading:))
            )
        }
        return count <= Self.mostRules ? table : nil
    }

    private mutating func elements(
        of set: String,
        _ chain: BaseChain
    ) throws(NetfilterError) -> [ForeignElement]? {
        let place = [
            (NFTA_SET_ELEM_LIST_TABLE.rawValue, chain.table),
            (NFTA_SET_ELEM_LIST_SET.rawValue, set),
        ]
        var elements: [ForeignElement] = []
        var isKnown = true
        try ask(chain, "elements of \(set)", NFT_MSG_GETSETELEM, place) { message in
            let list =
                message.attributes(after: familyHeaderLength)
                .first { $0.type == NFTA_SET_ELEM_LIST_ELEMENTS.rawValue }?.nested ?? []
            for item in list where isKnown {
                guard elements.count < Self.mostElements,
                    let element = ForeignElement(reading: item)
                else {
                    isKnown = false
                    continue
                }
                elements.append(element)
            }
        }
        return isKnown ? elements : nil
    }

    private mutating func ask(
        _ chain: BaseChain,
        _ what: String,
        _ type: nf_tables_msg_types,
        _ names: [(UInt32, String)],
        each take: (NetlinkMessage) -> Void
    ) throws(NetfilterError) {
        do throws(Errno) {
            try dump(type.rawValue, family: chain.familyNumber, names, each: take)
        } catch .noSuchFileOrDirectory {
            return  // It is gone by now.
        } catch {
            throw NetfilterError(attempt: "list the \(what) of others", errno: error)
        }
    }
}

extension ForeignTable {
    /// The sets that are looked up by known properties of a packet.
    fileprivate func setsThatMatter(_ isSourceKnown: Bool) -> Set<String> {
        var names: Set<String> = []
        for rule in chains.values.joined() {
            var isKnown = false
            for step in rule {
                switch step {
                case .load(.networkHeader, _): isKnown = isKnown || isSourceKnown
                case .load(let field, _): isKnown = isKnown || field != .other
                case .lookup(_, let set, _, _) where isKnown: names.insert(set)
                default: break
                }
            }
        }
        return names
    }
}

extension ForeignElement {
    /// `nil` for ranges of several fields, which are not followed.
    init?(reading element: NetlinkAttribute) {
        let fields = ExpressionFields(element.nested)
        guard fields[NFTA_SET_ELEM_KEY_END.rawValue] == nil,
            let key = fields.value(NFTA_SET_ELEM_KEY.rawValue)
        else { return nil }
        let flags = fields.number(NFTA_SET_ELEM_FLAGS.rawValue) ?? 0
        self.init(
            key: key,
            isEnd: flags & UInt32(NFT_SET_ELEM_INTERVAL_END.rawValue) != 0,
            verdict: fields[NFTA_SET_ELEM_DATA.rawValue].flatMap(ForeignVerdict.init(reading:))
        )
    }
}

extension BaseChain {
    fileprivate var tableName: String { family + " " + table }

    /// The result for both families, if the chain is for both.
    fileprivate func result(for packet: ProbePacket, in table: ForeignTable) -> TraceResult {
        let known: [Int] =
            switch family {
            case "ip": [NFPROTO_IPV4]
            case "ip6": [NFPROTO_IPV6]
            default: [NFPROTO_IPV4, NFPROTO_IPV6]
            }
        let families = known.filter { packet.source?.family ?? $0 == $0 }
        let results = families.map { family in
            RuleTrace.result(
                for: packet,
                family: UInt8(family),
                in: name,
                dropsByDefault: dropsByDefault,
                table
            )
        }
        var worst = results.max { $0.end < $1.end } ?? TraceResult()
        // Dropped over one family alone.
        if worst.end == .drops, results.contains(where: { $0.end != .drops }) {
            worst.end = .mayPass
        }
        let rewriting = results.first { $0.rewrittenTo != nil }
        (worst.rewrittenTo, worst.rewriter) = (rewriting?.rewrittenTo, rewriting?.rewriter)
        return worst
    }
}

extension TraceResult.End: Comparable {
    package static func < (left: Self, right: Self) -> Bool {
        let order: [Self] = [.passes, .mayDrop, .mayPass, .drops]
        return (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
    }
}

extension ProbeSource {
    fileprivate var family: Int { address.count == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6 }
}
