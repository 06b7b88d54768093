import CNetfilter
import Glibc
package import Netlink
package import SystemPackage

/// Reads what is in the kernel, through the same socket.
extension TableConnection {
    /// The number of times that a table is read while somebody changes it.
    private static let attempts = 8

    /// The table with its chains, rules and sets, all of one generation; `nil` if there is none.
    package mutating func observe() throws(NetfilterError) -> TableState? {
        for _ in 0..<Self.attempts {
            let generation = try generation()
            guard let state = try readTable(generation) else { return nil }
            if try self.generation() == generation { return state }
        }
        throw NetfilterError(attempt: "read the table, which keeps changing", errno: .interrupted)
    }

    /// The number of the ruleset: it grows with every commit of any process.
    package mutating func generation() throws(NetfilterError) -> UInt32 {
        var number: UInt32?
        try ask("read the generation", NFT_MSG_GETGEN, dump: false) { message in
            let fields = ExpressionFields(message.attributes(after: familyHeaderLength))
            number = fields.number(NFTA_GEN_ID.rawValue)
        }
        guard let number else {
            throw NetfilterError(attempt: "read the generation", errno: .noBufferSpace)
        }
        return number
    }

    private mutating func readTable(_ generation: UInt32) throws(NetfilterError) -> TableState? {
        guard var state = try table(generation) else { return nil }
        let table = table
        var chains: [ChainState] = []
        try ask("list the chains", NFT_MSG_GETCHAIN, dump: true) { message in
            guard Self.name(message, NFTA_CHAIN_TABLE.rawValue) == table else { return }
            if let chain = ChainState(reading: message) { chains.append(chain) }
        }
        var sets: [SetState] = []
        try ask("list the sets", NFT_MSG_GETSET, dump: true) { message in
            guard Self.name(message, NFTA_SET_TABLE.rawValue) == table else { return }
            if let set = SetState(reading: message) { sets.append(set) }
        }
        state.sets = sets
        let places = Dictionary(
            chains.indices.map { (chains[$0].name, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        try ask("list the rules", NFT_MSG_GETRULE, dump: true) { message in
            guard Self.name(message, NFTA_RULE_TABLE.rawValue) == table,
                let (chain, rule) = ChainState.rule(reading: message), let place = places[chain]
            else { return }
            chains[place].rules.append(rule)
        }
        state.chains = chains
        return state
    }

    /// The table without anything in it; `nil` if there is none.
    package mutating func tableAlone() throws(NetfilterError) -> TableState? {
        try table(0)
    }

    private mutating func table(_ generation: UInt32) throws(NetfilterError) -> TableState? {
        var state: TableState?
        do {
            try ask("read the table", NFT_MSG_GETTABLE, dump: false) { message in
                state = TableState(reading: message, generation: generation)
            }
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
        }
        return state
    }

    private static func name(_ message: NetlinkMessage, _ type: UInt32) -> String? {
        ExpressionFields(message.attributes(after: familyHeaderLength)).text(type)
    }

    // MARK: elements

    /// Every element of a set that has not run out.
    package mutating func elements(of set: String) throws(NetfilterError) -> [ElementState] {
        var elements: [ElementState] = []
        let list = NFTA_SET_ELEM_LIST_SET.rawValue
        try ask("list the elements of \(set)", NFT_MSG_GETSETELEM, dump: true, (list, set)) {
            elements += ElementState.all(reading: $0)
        }
        return elements
    }

    // MARK: questions

    /// Asks about our table; it is the first attribute of every kind of message.
    mutating func ask(
        _ attempt: String,
        _ type: nf_tables_msg_types,
        dump: Bool,
        _ also: (type: UInt32, text: String)? = nil,
        each take: (NetlinkMessage) -> Void
    ) throws(NetfilterError) {
        var request = request(type, flags: dump ? NLM_F_DUMP : NLM_F_ACK)
        if type != NFT_MSG_GETGEN { request.put(NFTA_TABLE_NAME.rawValue, Self.bytes(table)) }
        if let also { request.put(also.type, Self.bytes(also.text)) }
        do throws(Errno) {
            try socket.ask(request, each: take)
        } catch {
            throw NetfilterError(attempt: attempt, errno: error)
        }
    }

    /// Asks for everything of a kind, in all tables of a family or in those that are named.
    package mutating func dump(
        _ type: UInt32,
        family: Int,
        _ names: [(type: UInt32, text: String)] = [],
        each take: (NetlinkMessage) -> Void
    ) throws(Errno) {
        var request = request(nf_tables_msg_types(type), flags: NLM_F_DUMP, family: family)
        for name in names { request.put(name.type, Self.bytes(name.text)) }
        try socket.ask(request, each: take)
    }

    mutating func request(
        _ type: nf_tables_msg_types,
        flags: Int32,
        family: Int = NFPROTO_INET
    ) -> NetlinkRequest {
        NetlinkRequest(
            type: UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(type.rawValue),
            flags: flags,
            sequence: nextSequence(),
            header: [UInt8(family), UInt8(NFNETLINK_V0), 0, 0]
        )
    }

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }
}
