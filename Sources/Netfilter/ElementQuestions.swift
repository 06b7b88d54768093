import CNetfilter
import Netlink
import SystemPackage

/// Single elements, whose look-up costs the same however large the set is.
extension TableConnection {
    /// The number of questions in one datagram; the answers are all queued before it is sent.
    private static let questionsADatagram = 500

    /// Looks keys up in sets; returns the elements that are there, by their place in `keys`.
    package mutating func elements(
        _ keys: [(set: String, key: [UInt8])]
    ) throws(NetfilterError) -> [Int: ElementState] {
        var found: [Int: ElementState] = [:]
        for start in stride(from: 0, to: keys.count, by: Self.questionsADatagram) {
            let end = min(keys.count, start + Self.questionsADatagram)
            do throws(Errno) {
                try look(up: keys[start..<end]) { found[$0] = $1 }
            } catch {
                throw NetfilterError(attempt: "read elements", errno: error)
            }
        }
        return found
    }

    private mutating func look(
        up keys: ArraySlice<(set: String, key: [UInt8])>,
        _ take: (Int, ElementState) -> Void
    ) throws(Errno) {
        let elementType = UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(NFT_MSG_NEWSETELEM.rawValue)
        var bytes: [UInt8] = []
        var places: [UInt32: Int] = [:]
        for index in keys.indices {
            let request = question(keys[index].set, keys[index].key)
            places[request.sequence] = index
            bytes += request.bytes
        }
        try socket.send(bytes)
        _ = try socket.receiveAll { (datagram) throws(Errno) in
            for message in NetlinkMessage.all(in: datagram) {
                guard message.type == elementType, let place = places[message.sequence],
                    let element = ElementState.all(reading: message).first
                else { continue }
                take(place, element)
            }
            return false
        }
    }

    private mutating func question(_ set: String, _ key: [UInt8]) -> NetlinkRequest {
        var request = request(NFT_MSG_GETSETELEM, flags: 0)
        request.put(NFTA_SET_ELEM_LIST_TABLE.rawValue, Self.bytes(table))
        request.put(NFTA_SET_ELEM_LIST_SET.rawValue, Self.bytes(set))
        let value = NetlinkRequest.nest(
            NFTA_SET_ELEM_KEY.rawValue,
            [(NFTA_DATA_VALUE.rawValue, key)]
        )
        let nested = UInt32(NLA_F_NESTED)
        request.put(
            NFTA_SET_ELEM_LIST_ELEMENTS.rawValue,
            nested: [(NFTA_LIST_ELEM.rawValue | nested, value)]
        )
        return request
    }
}
