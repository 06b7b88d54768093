import CNetfilter
import Glibc
import Grants
import Netlink
import SystemPackage

/// This host's own addresses, looked up in the kernel's routes, as the `fib` rules of the gate do.
struct LocalAddresses: ~Copyable {
    private let socket: NetlinkSocket
    private var sequence: UInt32 = 0

    /// - Throws: the errno of the socket.
    init() throws(Errno) {
        socket = try NetlinkSocket.routes()
    }

    /// The addresses among these that are this host's.
    mutating func among(_ addresses: some Sequence<Address>) -> Set<Address> {
        var own: Set<Address> = []
        for address in Set(addresses) where contains(address) { own.insert(address) }
        return own
    }

    /// The addresses of all interfaces of this host.
    mutating func all() throws(Errno) -> Set<Address> {
        sequence += 1
        let request = NetlinkRequest(
            type: UInt16(RTM_GETADDR),
            flags: NLM_F_DUMP,
            sequence: sequence,
            header: [UInt8](repeating: 0, count: MemoryLayout<ifaddrmsg>.size)
        )
        var own: Set<Address> = []
        try socket.ask(request) { message in
            let attributes = message.attributes(after: MemoryLayout<ifaddrmsg>.size)
            // On a point-to-point link with IFA_LOCAL, IFA_ADDRESS is the address of the other end.
            let found =
                attributes.first { $0.type == UInt32(IFA_LOCAL) }
                ?? attributes.first { $0.type == UInt32(IFA_ADDRESS) }
            if let found, let address = Address(networkBytes: found.payload) { own.insert(address) }
        }
        return own
    }

    private mutating func contains(_ address: Address) -> Bool {
        sequence += 1
        var header = rtmsg()
        header.rtm_family = UInt8(address.family == .ipv4 ? AF_INET : AF_INET6)
        header.rtm_dst_len = UInt8(address.family.bitCount)
        var request = NetlinkRequest(
            type: UInt16(RTM_GETROUTE),
            flags: NLM_F_ACK,
            sequence: sequence,
            header: unsafe Swift.withUnsafeBytes(of: header) { unsafe Array($0) }
        )
        request.put(RTA_DST.rawValue, address.networkBytes)
        var isLocal = false
        let kind = MemoryLayout<rtmsg>.offset(of: \.rtm_type) ?? 0
        do {
            try socket.ask(request) { answer in
                isLocal = answer.payload.dropFirst(kind).first == UInt8(RTN_LOCAL)
            }
        } catch {
            return false  // No way leads there.
        }
        return isLocal
    }
}
